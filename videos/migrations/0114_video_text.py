"""On PostgreSQL, a table of the texts that searches read, and triggers that keep it.

It is filled in short transactions, while processes of the version before go on writing. Begun again, it goes
on: what is there already stays. SQLite's index needs no copy of the texts (`videos.models.search_schema`).
"""

from django.db import migrations

_WINDOW = 20_000  # keys of videos in one transaction

_CREATE = """
CREATE TABLE IF NOT EXISTS videos_videotext (video_id bigint PRIMARY KEY, text text NOT NULL);
ALTER TABLE videos_videotext ALTER COLUMN text SET STATISTICS 1000;
CREATE OR REPLACE FUNCTION videos_keep_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        TRUNCATE videos_videotext;
    ELSIF TG_OP = 'DELETE' THEN
        DELETE FROM videos_videotext WHERE video_id = OLD.id;
    ELSE
        INSERT INTO videos_videotext (video_id, text) VALUES (NEW.id, NEW.search_text)
        ON CONFLICT (video_id) DO UPDATE SET text = EXCLUDED.text;
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER videos_text_insert AFTER INSERT OR DELETE ON videos_video
FOR EACH ROW EXECUTE FUNCTION videos_keep_text();
CREATE OR REPLACE TRIGGER videos_text_update AFTER UPDATE OF search_text ON videos_video
FOR EACH ROW WHEN (OLD.search_text IS DISTINCT FROM NEW.search_text) EXECUTE FUNCTION videos_keep_text();
CREATE OR REPLACE TRIGGER videos_text_truncate AFTER TRUNCATE ON videos_video
FOR EACH STATEMENT EXECUTE FUNCTION videos_keep_text();
"""
# What a trigger has written meanwhile stays, and what it writes later takes the place of this.
_FILL = """
INSERT INTO videos_videotext (video_id, text)
SELECT id, search_text FROM videos_video WHERE id > %s AND id <= %s
ON CONFLICT (video_id) DO NOTHING
"""


def create(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    schema_editor.execute(_CREATE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(min(id), 1) - 1, coalesce(max(id), 0) FROM videos_video")
        first, last = cursor.fetchone()
        for start in range(first, last, _WINDOW):
            cursor.execute(_FILL, [start, start + _WINDOW])


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in ("insert", "update", "truncate"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS videos_text_{name} ON videos_video")
        schema_editor.execute("DROP FUNCTION IF EXISTS videos_keep_text()")
        schema_editor.execute("DROP TABLE IF EXISTS videos_videotext")
    elif schema_editor.connection.vendor == "sqlite":
        for name in ("insert", "update", "delete"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS videos_video_search_{name}")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("videos", "0113_video_origin")]
    operations = [migrations.RunPython(create, remove)]
