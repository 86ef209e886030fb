"""The sentences of the reports on probes (`videos.backends.probe` and `probe_report`), made known as
`backend_sentences` does with the others of `backends`.
"""

from django.utils.translation import gettext_noop

from contentgen.stored_texts import sentence

# What is checked: words, which stand before what was found.
CHECKS = (
    gettext_noop("answers"),
    gettext_noop("key"),
    gettext_noop("videos"),
    gettext_noop("models"),
    gettext_noop("status"),
    gettext_noop("list"),
    gettext_noop("delete"),
    gettext_noop("remix"),
    gettext_noop("edit"),
    gettext_noop("extend"),
    gettext_noop("characters"),
    gettext_noop("reference image"),
    gettext_noop("idempotency key"),
    gettext_noop("jobs at once"),
    gettext_noop("package"),
)
_PROBLEMS = (
    gettext_noop(
        "The server refuses the key. Paste the right one, or put it into the backend's variable and restart."
    ),
    gettext_noop("%(sentence)s Check the base URL, and that the server runs."),
    gettext_noop("The server is not working (HTTP %(status)d). Look into its log, then probe again."),
    gettext_noop(
        "There is no Videos API at %(address)s: neither %(address)s/videos nor a job below it is known"
        " there. Check the base URL; most end in /v1."
    ),
    gettext_noop(
        "The base URL leads back to this studio, which cannot be its own backend: one request would breed"
        " copies of itself without end."
    ),
    gettext_noop("The base URL redirects to an address that cannot be read."),
    gettext_noop(
        "The base URL redirects to %(address)s, which is no Videos API. Ask for the right base URL."
    ),
    gettext_noop("The base URL redirects. Use %(address)s instead."),
)
_FOUND = (
    gettext_noop("The server answers."),
    gettext_noop("The service answers."),
    gettext_noop("Accepted."),
    gettext_noop("Accepted, or not looked at."),
    gettext_noop("None sent, none asked for."),
    gettext_noop("The service did not say whether it accepts the key."),
    gettext_noop("A firewall in front of the service lets nothing through."),
    gettext_noop("It names none (%(answer)s)."),
    gettext_noop("%(names)s and %(count)d more."),
    gettext_noop("A job that is not there is a clear 404."),
    gettext_noop("A job that is not there is answered with %(sentence)s"),
    gettext_noop("Jobs cannot be looked at (%(answer)s)."),
    gettext_noop("This kind of service shows no list."),
    gettext_noop("Jobs of canceled and deleted videos are deleted there."),
    gettext_noop("This kind of service deletes no jobs."),
    gettext_noop("It depends on the model."),
    gettext_noop("Taken (its models; %(source)s)."),
    gettext_noop("Taken (its models; its catalogue)."),
    gettext_noop("Its models make videos from text only."),
    gettext_noop("A lost answer is asked for again, without a second job."),
    gettext_noop("The server does not say that it honors one."),
    gettext_noop("The server does not say."),
    gettext_noop("%(count)d, as it seems to be a server of your own."),
    gettext_noop("Offered (%(source)s)."),
    gettext_noop("Not offered (%(source)s)."),
)
_ADVICE = (
    gettext_noop(
        "When the answer to a submission is lost, nobody can look for the job: the owner is asked what to do."
    ),
    gettext_noop("A lost answer is searched for in the server's list."),
    gettext_noop("Jobs of canceled and deleted videos stay at the server; remove them there."),
    gettext_noop("They go away there by themselves."),
    gettext_noop("Name the models yourself: in the admin, or with --models."),
    gettext_noop("Cannot be known without a paid job. Set it in the admin if you know."),
    gettext_noop("A job that the server forgets counts as failed only when its time limit is reached."),
    gettext_noop("Only videos that it returns at once, in the answer to the submission, can be had."),
    gettext_noop("Its field is not shown."),
    gettext_noop("Its button is not shown."),
    gettext_noop("Set “max in flight” to its limit."),
    gettext_noop("Raise “max in flight” if it makes more at a time."),
)

for _template in _PROBLEMS:
    sentence(_template)
for _template in (*_FOUND, *_ADVICE):
    sentence(_template, alone=True)
