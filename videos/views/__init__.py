"""The pages and fragments, one file per page. Each: method, login, loader, form, service, render."""
