"""The administration beyond Django's own: its dashboard, its navigation, and what both are made of."""
