"""The pages of accounts that are the studio's own; the others are allauth's, in our templates."""
