"""Prompts: the syntax of templates, the difference of two prompts, the posters of templates."""
