"""Decoding and encoding: the only place that imports FFmpeg (av) and Pillow.

It runs in processes of its own, which `videos.media.sandbox` starts and limits, and nothing else imports it.
"""
