"""Third-party software between the studio and the simulator: `make interop`."""
