"""The doors for programs: our REST API, and the Videos API itself."""
