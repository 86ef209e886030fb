"""How the studio is seen from outside: logs, metrics, traces, and reports of errors."""
