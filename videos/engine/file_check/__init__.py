"""Whether storage and database agree: each row has its files, whole, and each file its row.

Nothing is kept in memory but some hundred rows at a time, however many files there are, and a studio may run
meanwhile: what seems wrong is looked at once more before it is told, and again, locked, before it is mended.
"""
