"""Every way a run can fail, told apart by category, each with a sentence that says what to do."""

from __future__ import annotations

#: Category → what an administrator does about it. A category without an entry would be a bug.
REMEDIES = {
    "account": "Open the account in the add-on's configuration, correct it and save it again.",
    "bad_request": "The PCE refused the question itself. Update the add-on, or report this line to its authors.",
    "broken_answer": "If it goes on, look for a proxy or load balancer between Splunk and the PCE that cuts answers.",
    "clock": "Set the clocks of the PCE, of any proxy or load balancer in between, and of this machine by NTP. Nothing "
    "is lost meanwhile, but each run reads more of what is known.",
    "connection": "Check that the PCE is up and that a firewall lets this Splunk instance reach its host and port.",
    "dns": "Check the host name in the account's PCE URL and the name servers of this Splunk instance.",
    "forbidden": "Give the key's owner a role that reads the whole organisation, such as Global Read Only.",
    "job": "The PCE runs asynchronous jobs when it is not busy; the next run asks again.",
    "not_a_pce": "Something other than the PCE answered: check the PCE URL, its port, and any proxy in between.",
    "not_found": "Check the organisation ID in the account.",
    "overlap": "The next run goes on by itself. If this stays, look for a process of this input that hangs.",
    "proxy": "Check the proxy's address, port, user name and password in the add-on's configuration.",
    "rate_limited": "The PCE allows 500 requests a minute for one key: use one key for each input or longer intervals.",
    "redirect": "Enter the address that the PCE itself answers at as the account's PCE URL.",
    "refused_key": "Create a new API key in the PCE and enter its ID and secret in the account.",
    "server_error": "The PCE may be restarting or failing over; if it goes on, look at the PCE's own health.",
    "splunkd": "Check that this Splunk instance is up and that its management port answers.",
    "state": "The KV store has to be up: see `splunk show kvstore-status` and splunkd.log.",
    "state_lost": "Find out who emptied or damaged the KV store collection ta_illumio_pce_checkpoints.",
    "state_restored": "If the KV store was restored from a backup, nothing has to be done. Otherwise look in "
    "mongod.log for why it did not keep what was written.",
    "timeout": "Check the network between Splunk and the PCE, and how busy the PCE is.",
    "tls": "Paste the certificate of the authority that signed the PCE's certificate into the account.",
    "too_large": "Look for what stands between Splunk and the PCE and fills or slows down its answers.",
}

#: Categories for which asking again, a little later, can help within one run.
PASSING = frozenset(
    {"broken_answer", "connection", "dns", "not_a_pce", "rate_limited", "server_error", "timeout"},
)


class CollectorError(Exception):
    """A failure with a category of `REMEDIES`; its text is one clear sentence and holds no secret."""

    def __init__(self, category: str, text: str) -> None:
        super().__init__(text)
        self.category = category

    @property
    def remedy(self) -> str:
        """What an administrator can do about it, as one or two sentences."""
        return REMEDIES[self.category]

    def __str__(self) -> str:
        return f"{self.args[0]} {self.remedy}"


class PceError(CollectorError):
    """The PCE, or the way to it, failed. `retry_after` is in seconds, where the PCE named one."""

    def __init__(self, category: str, text: str, *, retry_after: float | None = None) -> None:
        super().__init__(category, text)
        self.retry_after = retry_after

    @property
    def passing(self) -> bool:
        """Whether asking again within the same run can help."""
        return self.category in PASSING


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
