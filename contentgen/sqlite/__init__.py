"""Django's SQLite backend, with turns for the threads of a process that write."""
