"""The pages and their fragments, one module per page. A view names its methods, loads what it may show by a
helper that checks access, validates with a form, acts through a service, and renders or redirects.
"""
