"""Prompts: the syntax of their templates, the posters of these, and the difference between prompts."""
