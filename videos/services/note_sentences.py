"""What entries of the audit log say beside their action, made known so that it can be read in other
languages.

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

for _template in (*_ACCOUNTS, *_AUDIT, *_WORK, *_BACKENDS, *_JOBS, *_TRANSFER, *_WEBHOOKS):
    sentence(_template, alone=True)
