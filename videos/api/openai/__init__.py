"""The Videos API, as OpenAI published it, below /v1/."""
