"""One module for each kind of service that makes videos."""
