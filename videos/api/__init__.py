"""The HTTP APIs: our own REST API, and the Videos API as OpenAI published it."""
