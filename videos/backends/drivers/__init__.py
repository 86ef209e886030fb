"""Drivers: one module for each kind of service that makes videos, behind one interface."""
