"""Every way a run can fail, told apart by category, each with a sentence that says what to do."""

from __future__ import annotations

#: Category → what an administrator does about it. A category without an entry would be a bug.
REMEDIES = {
    "account": "Open the account in the add-on's configuration, correct it and save it again.",
    "bad_request": "The PCE refused the request itself. Update the add-on, or report this line to its authors.",
    "broken_answer": "If it goes on, look for a proxy or load balancer between Splunk and the PCE that cuts or changes "
    "responses. A PCE that restarts cuts them too.",
    "clock": "Set the clocks of the PCE, of any proxy or load balancer in between, and of this machine by NTP. Nothing "
    "is lost meanwhile, but each run reads more of what is known.",
    "connection": "Check that the PCE is up and that a firewall lets this Splunk instance reach its host and port.",
    "dns": "Check the host name in the account's PCE URL and the name servers of this Splunk instance.",
    "forbidden": "Give the key's owner a role that reads the whole organisation, such as Global Read Only. An "
    "organisation ID that is not the key's, and a key that is restricted to other addresses, look the same.",
    "input": "Open the input in the add-on's configuration, correct it and save it again.",
    "internal": "Update the add-on. If this stays, report it to its authors with the add-on's log of this input.",
    "job": "The PCE runs asynchronous jobs when it is not busy; the next run asks again.",
    "not_a_pce": "Something other than the PCE answered: check the PCE URL, its port, and any proxy in between.",
    "not_found": "Check the organisation ID in the account. If it is right, check the PCE URL as well.",
    "overlap": "The next run goes on by itself. If this stays, look for a process of this input that hangs, in a "
    "search head cluster on each of its members.",
    "proxy": "Check the proxy's address, port, user name and password in the add-on's configuration.",
    "rate_limited": "The PCE allows 500 requests a minute for one key, other programs included: use one key for each "
    "input, or longer intervals.",
    "redirect": "Enter the address that the PCE itself answers at as the account's PCE URL.",
    "refused_key": "Check the ID and the secret in the account. If they are right, the key has expired or was removed: "
    "create a new API key in the PCE and enter its ID and secret.",
    "server_error": "The PCE may be restarting or failing over; if it goes on, look at the PCE's own health.",
    "splunkd": "Check that this Splunk instance is up and that its management port answers.",
    "state": "The KV store has to be up and writable: see `splunk show kvstore-status` and splunkd.log. Writing also "
    "fails in read-only mode (`splunk enable kvstore-maintenance-mode`), while it is upgraded, and on a full disk.",
    "state_lost": "Find out who emptied or damaged the KV store collection ta_illumio_pce_checkpoints.",
    "state_restored": "If the KV store was restored from a backup, nothing has to be done. Otherwise look in "
    "mongod.log for why it did not keep what was written.",
    "timeout": "Check the network between Splunk and the PCE, and how busy the PCE is.",
    "tls": "Check the PCE's certificate, and the CA certificate in the account.",
    "too_large": "Look for what stands between Splunk and the PCE and fills or slows down its responses.",
}

#: Categories for which asking again, a little later, can help within one run.
PASSING = frozenset(
    {"broken_answer", "connection", "dns", "not_a_pce", "rate_limited", "server_error", "timeout"},
)
#: Categories for which other requests would fail too: the PCE cannot be reached, refuses the key, or asks for a pause.
ENDING = frozenset({"connection", "dns", "proxy", "rate_limited", "redirect", "refused_key", "tls"})


class CollectorError(Exception):
    """A failure with a category of `REMEDIES`; its text is one clear sentence and holds no secret.

    `remedy`: what an administrator can do about this very cause, as a few sentences; else what helps its category.
    """

    def __init__(self, category: str, text: str, *, remedy: str | None = None) -> None:
        super().__init__(text)
        self.category = category
        self.remedy = remedy or REMEDIES[category]

    def __str__(self) -> str:
        return f"{self.args[0]} {self.remedy}"

    def as_outcome(self) -> dict[str, str]:
        """What a record says of it."""
        return {
            "outcome": "failed",
            "error_category": self.category,
            "error": self.args[0],
            "remedy": self.remedy,
        }


class PceError(CollectorError):
    """The PCE, or the way to it, failed.

    `retry_after` is in seconds, where the PCE named one. `status`: of the response, where that is the error.
    """

    def __init__(
        self,
        category: str,
        text: str,
        *,
        remedy: str | None = None,
        retry_after: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(category, text, remedy=remedy)
        self.retry_after = retry_after
        self.status = status

    @property
    def passing(self) -> bool:
        """Whether asking again within the same run can help."""
        return self.category in PASSING

    @property
    def ends_the_run(self) -> bool:
        """Whether other requests of the same run would fail as well."""
        return self.category in ENDING


class StateError(CollectorError):
    """The state could not be read or written."""

    def __init__(self, text: str) -> None:
        super().__init__("state", text)


class SplunkdError(CollectorError):
    """splunkd did not give what a run needs."""

    def __init__(self, text: str) -> None:
        super().__init__("splunkd", text)


class PipeClosed(Exception):
    """splunkd closed the pipe: what it took of the page in hand is unknown."""


class StopRequested(Exception):
    """splunkd asked the run to end; raised only where nothing is half done."""
