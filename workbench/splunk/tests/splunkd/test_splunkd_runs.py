"""Runs of a modular input by the stand-in: starting, indexing, stopping, crashing."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Callable

import pytest

from workbench.splunk.refusal import Refused
from workbench.splunk.splunkd import AlreadyRunning, Kill, Reading, Splunkd
from workbench.splunk.tests.splunkd.sample_addon import APP, STANZA

SetScript = Callable[[str], None]

TWO = """
out.write(b"<stream><event><time>1767225600.5</time><host>h</host><sourcetype>t</sourcetype><data>1</data></event>")
out.write(b"<event><data>2</data><index>audit</index></event></stream>")
"""
MANY = """
out.write(b"<stream>")
for number in range(2000):
    out.write(b"<event><data>%06d%s</data></event>" % (number, b"x" * 994))
    out.flush()
out.write(b"</stream>")
"""


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to that")


def test_events_are_indexed_with_what_the_stream_and_the_stanza_say(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script(TWO)
    run = splunkd.run_input(STANZA)
    first, second = splunkd.events()
    assert (run.exit_code, run.events, run.whole, run.error) == (0, 2, True, None)
    assert (first.raw, first.time, first.host, first.sourcetype) == ("1", 1767225600.5, "h", "t")
    assert (first.source, first.index) == (STANZA, "main")
    assert (second.host, second.sourcetype, second.index) == (splunkd.server_name, "sample_input", "audit")
    assert second.time == second.indextime


def test_a_shell_between_takes_the_signal_that_the_script_is_meant_to_get(
    splunkd: Splunkd, set_script: SetScript, tmp_path: Path
) -> None:
    took = tmp_path / "took"
    set_script(f"""
signal.signal(signal.SIGTERM, lambda *_: open({str(took)!r}, "w").close())
out.write(b"<stream><event><data>1</data></event>")
out.flush()
time.sleep(2)
out.write(b"</stream>")
""")
    splunkd.confs.write(APP, "inputs", STANZA, {"start_by_shell": "true"})
    run = splunkd.run_input(STANZA, kill=Kill(after_events=1, signal=signal.SIGTERM))
    assert (run.exit_code, run.whole) == (-signal.SIGTERM, True)
    assert not took.exists()
    splunkd.confs.write(APP, "inputs", STANZA, {"start_by_shell": "false"})
    assert splunkd.run_input(STANZA, kill=Kill(after_events=1, signal=signal.SIGTERM)).exit_code == 0
    assert took.exists()


def test_events_are_found_by_their_members(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script(TWO)
    splunkd.run_input(STANZA)
    assert [event.raw for event in splunkd.events(index="audit")] == ["2"]
    assert [event.raw for event in splunkd.events(sourcetype="t", host="h")] == ["1"]


def test_the_script_is_given_its_configuration(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script(
        """
import json
told = {child.tag: child.text for child in root if child.tag != "configuration"}
told["stanza"] = root.find("configuration/stanza").get("name")
told["home"], told["tty"] = os.environ["SPLUNK_HOME"], sys.stdin.isatty()
told["params"] = {name: params[name] for name in sorted(params) if name != "script"}
from xml.sax.saxutils import escape
out.write(("<stream><event><data>" + escape(json.dumps(told)) + "</data></event></stream>").encode())
"""
    )
    splunkd.run_input(STANZA)
    told = json.loads(next(iter(splunkd.events())).raw)
    assert told["server_uri"] == splunkd.uri
    assert told["server_host"] == splunkd.server_name
    assert Path(told["checkpoint_dir"]).is_dir()
    assert (told["stanza"], told["home"], told["tty"]) == (STANZA, str(splunkd.home), False)
    assert told["params"] == {
        "account": "a",
        "disabled": "0",
        "host": splunkd.server_name,
        "index": "default",
        "interval": "60",
        "python.version": "python3",
        "start_by_shell": "false",
    }


def test_standard_error_and_the_exit_code_are_recorded(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script("print('it went wrong', file=sys.stderr); sys.exit(3)")
    run = splunkd.run_input(STANZA)
    assert (run.exit_code, run.stderr) == (3, "it went wrong\n")
    assert "it went wrong" in splunkd.log_file.read_text(encoding="utf-8")


def test_an_ill_formed_stream_loses_its_rest_and_is_recorded(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script(TWO.replace("<data>2", "<data>\\x02"))
    run = splunkd.run_input(STANZA)
    assert [event.raw for event in splunkd.events()] == ["1"]
    assert run.error is not None
    assert any(STANZA in line for line in splunkd.refused)


def test_an_event_of_another_stanza_is_refused(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script("out.write(b'<stream><event stanza=\"sample_input://two\"><data>1</data></event></stream>')")
    assert splunkd.run_input(STANZA).error is not None
    assert list(splunkd.events()) == []


def test_an_event_cut_off_by_a_kill_is_dropped(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script("out.write(b'<stream><event><data>1</data></event><event><data>2'); out.flush(); time.sleep(60)")
    run = splunkd.run_input(STANZA, kill=Kill(after_events=1))
    assert run.exit_code == -signal.SIGKILL
    assert (run.whole, run.error) == (False, None)
    assert [event.raw for event in splunkd.events()] == ["1"]


@pytest.mark.parametrize("kill", [Kill(after_seconds=0.2), Kill(after_bytes=10)])
def test_a_kill_comes_when_asked_for(splunkd: Splunkd, set_script: SetScript, kill: Kill) -> None:
    set_script("out.write(b'<stream><event>'); out.flush(); time.sleep(60)")
    assert splunkd.run_input(STANZA, kill=kill).exit_code == -signal.SIGKILL


def test_the_script_notices_an_early_closed_pipe(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script(
        """
try:
    for number in range(10000):
        out.write(b"<stream>" * (not number) + b"<event><data>x</data></event>"); out.flush()
except BrokenPipeError:
    os._exit(7)
"""
    )
    run = splunkd.run_input(STANZA, reading=Reading(close_after_events=5))
    assert (run.exit_code, run.events, run.whole) == (7, 5, False)
    assert len(list(splunkd.events())) == 5


def test_closing_after_bytes_takes_no_byte_more(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script(MANY)
    assert splunkd.run_input(STANZA, reading=Reading(close_after_bytes=5000)).bytes == 5000


def test_a_slow_or_pausing_reader_loses_nothing(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script(MANY)
    slow = Reading(bytes_per_second=20e6, pause_after_bytes=100_000, pause_seconds=0.1)
    assert splunkd.run_input(STANZA, reading=slow).whole
    assert len(list(splunkd.events())) == 2000


def test_one_stanza_never_runs_twice_at_once(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script("time.sleep(60)")
    run = splunkd.start_input(STANZA)
    with pytest.raises(AlreadyRunning):
        splunkd.start_input(STANZA)
    assert run.stop().exit_code == -signal.SIGTERM
    assert not run.running


def test_a_run_that_takes_too_long_is_ended(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script("time.sleep(60)")
    with pytest.raises(TimeoutError):
        splunkd.run_input(STANZA, timeout=0.3)


def test_an_unknown_or_disabled_input_is_refused(splunkd: Splunkd) -> None:
    splunkd.confs.write(APP, "inputs", STANZA, {"script": "pass", "disabled": "1"})
    with pytest.raises(Refused):
        splunkd.run_input(STANZA)


def test_a_crash_loses_unindexed_events(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script(TWO + "out.flush(); time.sleep(60)")
    splunkd.queue.hold()
    splunkd.start_input(STANZA)
    wait_for(lambda: splunkd.queue.waiting == 2)
    assert splunkd.crash() == 2
    splunkd.start()
    assert list(splunkd.events()) == []


def test_a_held_queue_stops_the_script_at_half_a_megabyte(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script(MANY)
    splunkd.queue.hold()
    run = splunkd.start_input(STANZA)
    wait_for(lambda: splunkd.queue.waiting == 512)
    assert run.running
    splunkd.queue.hold(False)
    assert run.wait(30).events == 2000
    splunkd.queue.drain()
    assert len(list(splunkd.events())) == 2000


def test_what_was_indexed_before_a_crash_is_all_that_is_left(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script(MANY)
    reading = Reading(pause_after_bytes=200_000, pause_seconds=0.5)
    splunkd.start_input(STANZA, reading=reading)
    wait_for(lambda: len(list(splunkd.events())) >= 100)
    splunkd.queue.hold()
    wait_for(lambda: splunkd.queue.waiting == 512)
    before = [event.raw[:6] for event in splunkd.events()]
    assert splunkd.crash() == 512
    splunkd.start()
    assert [event.raw[:6] for event in splunkd.events()] == before
    assert before == [f"{number:06d}" for number in range(len(before))]
    assert 100 <= len(before) < 2000 - 512


def test_an_orderly_stop_asks_the_script_and_indexes_everything(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script(
        """
def end(*_):
    os.write(1, b"<event><data>last</data></event></stream>"); os._exit(0)
signal.signal(signal.SIGTERM, end)
out.write(b"<stream><event><data>first</data></event>"); out.flush(); time.sleep(60)
"""
    )
    splunkd.queue.hold()
    splunkd.start_input(STANZA)
    wait_for(lambda: splunkd.queue.waiting == 1)
    splunkd.stop()
    assert [event.raw for event in splunkd.events()] == ["first", "last"]
    assert splunkd.runs[-1].exit_code == 0
    splunkd.start()


def test_a_script_that_ignores_the_request_is_killed(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script("signal.signal(signal.SIGTERM, signal.SIG_IGN); out.write(b'<stream>'); out.flush(); time.sleep(60)")
    run = splunkd.start_input(STANZA)
    wait_for(lambda: run.bytes > 0)
    splunkd.stop(seconds=0.3)
    assert splunkd.runs[-1].exit_code == -signal.SIGKILL
    splunkd.start()


def test_the_schedule_starts_an_input_again_and_again(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script(TWO)
    splunkd.schedule(interval=0.1)
    wait_for(lambda: len(splunkd.runs) >= 3)
    splunkd.stop()
    assert all(run.exit_code == 0 for run in splunkd.runs[:3])
    splunkd.start()


def test_a_cron_schedule_is_refused(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script(TWO)
    splunkd.confs.write(APP, "inputs", STANZA, {"interval": "*/5 * * * *"})
    splunkd.schedule()
    wait_for(lambda: bool(splunkd.refused))
    assert "interval = */5 * * * *" in splunkd.refused[0]


def test_a_scheme_for_a_single_instance_is_refused(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script(TWO)
    script = splunkd.confs.folder(APP) / "bin" / "sample_input.py"
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace("instance>false<", "instance>true<"), encoding="utf-8")
    with pytest.raises(Refused, match="use_single_instance"):
        splunkd.run_input(STANZA)


def test_a_script_can_have_a_clock_that_is_off(splunkd: Splunkd, set_script: SetScript) -> None:
    set_script('import time; out.write(b"<stream><event><data>%d</data></event></stream>" % time.time())')
    for ahead in ("0", "86400", "-3600"):
        splunkd.environment["WORKBENCH_CLOCK_AHEAD"] = ahead
        assert splunkd.run_input(STANZA).exit_code == 0
    offsets = [float(event.raw) - event.indextime for event in splunkd.events()]
    assert [round(offset / 3600) for offset in offsets] == [0, 24, -1]
