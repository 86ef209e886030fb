"""Format modules for Django, one folder for each language, as `FORMAT_MODULE_PATH` wants them."""
