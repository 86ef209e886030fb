"""What entries of the audit log say beside their action, and what the admin's history of a row says, made
known so that it can be read in other languages.

They are written in English, by all apps: `audit` itself knows none of the others.
"""

from django.utils.translation import gettext_noop

from contentgen.stored_texts import sentence

_ACCOUNTS = (
    gettext_noop("All others: %(count)d."),
    gettext_noop("All of them: %(count)d."),
    gettext_noop("All: %(count)d."),
    gettext_noop("As %(name)s says."),
    gettext_noop("As %(role)s, for %(days)d days."),
    gettext_noop("As %(role)s."),
    gettext_noop("By %(name)s."),
    gettext_noop("By staff."),
    gettext_noop("Now %(address)s"),
    gettext_noop("Second factor"),
    gettext_noop("The one from %(address)s."),
    gettext_noop("The owner account."),
    gettext_noop("The work of an account to be deleted."),
    gettext_noop("Work: delete it."),
    gettext_noop("Work: hand it over to %(name)s."),
    gettext_noop("May read."),
    gettext_noop("May read and write."),
)
_AUDIT = (
    gettext_noop("As %(format)s, from %(span)s."),
    gettext_noop("As %(format)s: %(query)s"),
    gettext_noop("%(count)d entries from before %(moment)s UTC."),
)
_WORK = (
    gettext_noop("%(video)s was handed over to %(heir)s."),
    gettext_noop("From %(former)s to %(heir)s."),
    gettext_noop("It was never started."),
    gettext_noop("It was not started in time."),
    gettext_noop("Its owner was blocked."),
    gettext_noop("Made private."),
    gettext_noop("The account of %(name)s was deleted; %(heir)s has the work."),
    gettext_noop("The account was deleted."),
    gettext_noop("The video was made private."),
    gettext_noop("Their data."),
    gettext_noop("Uploaded."),
    gettext_noop("With %(name)s as %(role)s."),
    gettext_noop("With %(name)s."),
    gettext_noop("With everyone."),
    gettext_noop("Edit of %(video)s"),
    gettext_noop("Extension of %(video)s"),
    gettext_noop("Remix of %(video)s"),
    gettext_noop("1 video."),
    gettext_noop("%(count)s videos."),
)
_BACKENDS = (
    gettext_noop("At %(address)s"),
    gettext_noop("At %(address)s, by %(name)s."),
    gettext_noop("At %(amount)s."),
    gettext_noop("As %(name)s says"),
    gettext_noop("Connected at %(address)s"),
    gettext_noop("Encrypted anew."),
    gettext_noop("%(name)s no longer offers it"),
    gettext_noop("Served by %(name)s"),
    gettext_noop("Until %(moment)s."),
    gettext_noop("Until %(moment)s. %(sentence)s"),
    gettext_noop("Until somebody resumes it."),
    gettext_noop("Until somebody resumes it. %(sentence)s"),
    gettext_noop("the key in %(variable)s for %(address)s"),
    gettext_noop("the stored key for %(address)s"),
)
_JOBS = (
    gettext_noop("Job %(job)s"),
    gettext_noop("Job %(job)s of %(backend)s, which no video had."),
    gettext_noop("Job %(job)s, named by its id."),
)
_TRANSFER = (
    gettext_noop("Exported: %(videos)d videos, %(bytes)d bytes, %(missing)d files are missing."),
    gettext_noop("Exported: %(videos)d videos, %(bytes)d bytes."),
    gettext_noop("Imported an export of %(origin)s: %(counts)s"),
    gettext_noop("Imported from a folder."),
    gettext_noop("Imported from an export, switched off."),
    gettext_noop("Imported from an export, without a password."),
    gettext_noop("Imported from an export."),
)
_WEBHOOKS = (
    gettext_noop("%(count)s of its deliveries."),
    gettext_noop("Everybody's events: %(kinds)s"),
    gettext_noop("Their own events: %(kinds)s"),
)

_LINKS = (
    gettext_noop("To %(video)s"),
    gettext_noop("To the collection “%(collection)s”"),
    gettext_noop("allows comments"),
    gettext_noop("allows downloads"),
    gettext_noop("asks for a password"),
    gettext_noop("expires %(moment)s UTC"),
    gettext_noop("never expires"),
    gettext_noop("shows the prompt"),
)
_NAMES = (  # of what an entry is about
    gettext_noop("Attempt %(number)d"),
    gettext_noop("By %(name)s on %(video)s"),
    gettext_noop("Everything"),
    gettext_noop("Import"),
    gettext_noop("Prompt help"),
    gettext_noop("Queue of %(name)s"),
    gettext_noop("Removal by age"),
    gettext_noop("Submissions"),
)
_APPROVALS = (gettext_noop("“%(words)s” %(sentence)s"),)
# The admin's history alone says these.
_HISTORY = (
    gettext_noop("%(count)d API token revoked."),
    gettext_noop("%(count)d API tokens revoked."),
    gettext_noop("%(count)d added (%(names)s)"),
    gettext_noop("%(count)d changed (%(names)s)"),
    gettext_noop("%(count)d moved to %(name)s."),
    gettext_noop("%(count)d retired (%(names)s)"),
    gettext_noop("%(count)d left."),
    gettext_noop("(copied from the admin's history)"),
    gettext_noop("Assigned job %(job)s."),
    gettext_noop("Changed password and revoked %(count)d API token."),
    gettext_noop("Changed password and revoked %(count)d API tokens."),
    gettext_noop("Confirmed the key in %(variable)s for %(address)s."),
    gettext_noop("Confirmed the stored key for %(address)s."),
    gettext_noop("Connected at %(address)s."),
    gettext_noop("Models updated: %(changes)s."),
    gettext_noop("Probed at %(address)s."),
    gettext_noop("Released: %(videos)s."),
    gettext_noop("Scheduled for deletion on %(moment)s."),
    gettext_noop("Signed out everywhere: %(count)d session ended."),
    gettext_noop("Signed out everywhere: %(count)d sessions ended."),
    gettext_noop("Viewed the file."),
    gettext_noop("Viewed the page."),
)
# Names of permissions, which the database keeps.
_PERMISSIONS = (gettext_noop("Can connect a backend, with its key"),)
# Django's own, where they are copied as they stand in English.
_DJANGO = (gettext_noop("Added."), gettext_noop("Changed %(fields)s."), gettext_noop("No fields changed."))
# What was done to a video there: the labels of `videos.admin.actions`, each as a sentence.
_ACTIONS = (
    gettext_noop("Cancel."),
    gettext_noop("Change owner."),
    gettext_noop("Check again."),
    gettext_noop("Export as ZIP."),
    gettext_noop("Make private."),
    gettext_noop("Mark as failed."),
    gettext_noop("Move to trash."),
    gettext_noop("Retry (may be charged again)."),
    gettext_noop("Submit again (may be charged twice)."),
)

for _template in (
    *(*_ACCOUNTS, *_AUDIT, *_WORK, *_BACKENDS, *_JOBS, *_TRANSFER, *_WEBHOOKS),
    *(*_LINKS, *_NAMES, *_APPROVALS, *_HISTORY, *_DJANGO, *_PERMISSIONS, *_ACTIONS),
):
    sentence(_template, alone=True)
