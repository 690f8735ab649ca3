"""Settings: what they are by default, where they may come from, and how what is wrong is refused."""

from pathlib import Path

import msgspec
import pytest

import kvik
from kvik.errors import SettingsError
from kvik.setting_kinds import OutputLimit
from kvik.settings import FIELDS, SETTINGS, Settings, load_settings


def written(folder: Path, text: str) -> str:
    path = folder / "kvik.toml"
    path.write_text(text)
    return str(path)


def refusal(file: str | None = None, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(file, environment)
    return str(caught.value)


def test_without_any_source_the_defaults_hold() -> None:
    assert load_settings() == Settings()
    assert Settings().listen == ["auto://127.0.0.1:9736"]
    assert Settings().databases == 16
    assert Settings().protected_mode is True


def test_a_flag_overrules_the_environment_which_overrules_the_file_which_overrules_the_default(tmp_path: Path) -> None:
    file = written(tmp_path, "maxclients = 1\ntimeout = 1\ndatabases = 1")
    settings = load_settings(file, {"KVIK_MAXCLIENTS": "2", "KVIK_TIMEOUT": "2"}, {"maxclients": "3"})
    assert (settings.maxclients, settings.timeout, settings.databases) == (3, 2, 1)
    assert settings.tcp_backlog == 511


def test_a_flag_that_was_not_given_changes_nothing() -> None:
    assert load_settings(flags={"maxclients": None, "listen": ()}) == Settings()


def test_a_file_writes_names_with_dashes_or_underscores_and_native_values(tmp_path: Path) -> None:
    settings = load_settings(
        written(
            tmp_path,
            'listen = ["resp://:6379", "text:///run/kvik.sock"]\nprotected-mode = false\ntcp_backlog = 5\n'
            'proto-max-bulk-len = "64mb"\nenable-debug-command = true\nunixsocketperm = 770',
        )
    )
    assert settings.listen == ["resp://:6379", "text:///run/kvik.sock"]
    assert settings.protected_mode is False
    assert settings.tcp_backlog == 5
    assert settings.proto_max_bulk_len == 64 * 1024 * 1024
    assert settings.enable_debug_command == "yes"
    assert settings.unixsocketperm == 0o770


@pytest.mark.parametrize(
    ("text", "size"),
    [("2097152", 2_097_152), ("2mb", 2_097_152), ("2M", 2_000_000), ("2048k", 2_048_000), ("1gb", 1_073_741_824)],
)
def test_sizes_take_the_units_of_redis(text: str, size: int) -> None:
    assert load_settings(flags={"proto-max-bulk-len": text}).proto_max_bulk_len == size


def test_several_addresses_come_from_one_variable() -> None:
    settings = load_settings(environment={"KVIK_LISTEN": "auto://:9736 resp://:6379"})
    assert settings.listen == ["auto://:9736", "resp://:6379"]


def test_output_limits_of_one_class_leave_the_others_as_they_were() -> None:
    settings = load_settings(flags={"client-output-buffer-limit": "normal 1mb 512kb 10"})
    assert settings.client_output_buffer_limit["normal"] == OutputLimit(1_048_576, 524_288, 10)
    assert settings.client_output_buffer_limit["pubsub"] == Settings().client_output_buffer_limit["pubsub"]


def test_normal_callers_have_a_finite_output_limit_by_default() -> None:
    assert 0 < Settings().client_output_buffer_limit["normal"].hard <= 256 * 1024 * 1024


def test_an_unknown_key_is_refused_with_the_file_and_a_suggestion(tmp_path: Path) -> None:
    file = written(tmp_path, "maxclient = 1")
    assert refusal(file) == f"{file}: maxclient: there is no such setting; did you mean maxclients?"


def test_what_was_expected_is_told_once() -> None:
    with pytest.raises(SettingsError, match="^--appendfsync: expected one of always, everysec, no, not 'never'$"):
        load_settings(flags={"appendfsync": "never"})


def test_an_unknown_variable_is_refused_by_its_name() -> None:
    assert refusal(environment={"KVIK_FOO": "1"}) == "KVIK_FOO: there is no such setting"


def test_variables_that_are_not_settings_are_left_alone() -> None:
    environment = {"KVIK_COMPILE": "0", "KVIK_CONFIG": "x", "KVIK_TEST_SEED": "1", "HOME": "/"}
    assert load_settings(environment=environment) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("maxclients", "many", "expected a whole number from 1 to 4294967295, not 'many'"),
        ("maxclients", "0", "expected a whole number from 1 to 4294967295, not '0'"),
        ("maxclients", "1" * 30, "expected a whole number"),
        ("protected-mode", "maybe", "expected yes or no, not 'maybe'"),
        ("porch", "stairs", "expected one of auto, poller, asyncio, not 'stairs'"),
        ("proto-max-bulk-len", "12q", "expected a size in bytes, such as 65536, 64kb, 64mb or 1gb, not '12q'"),
        ("unixsocketperm", "789", "expected permissions in octal, such as 700, not '789'"),
        ("listen", "9736", "expected addresses such as auto://127.0.0.1:9736"),
        ("listen", "", "expected addresses such as auto://127.0.0.1:9736"),
        ("client-output-buffer-limit", "normal 1", "expected CLASS HARD SOFT SECONDS"),
        ("client-output-buffer-limit", "guest 1 1 1", "expected CLASS HARD SOFT SECONDS"),
        ("client-output-buffer-limit", "normal 1 1 x", "expected CLASS HARD SOFT SECONDS"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place_and_what_was_expected(name: str, value: str, expected: str) -> None:
    variable = SETTINGS[name].variable
    assert refusal(environment={variable: value}).startswith(f"{variable}: {expected}")
    with pytest.raises(SettingsError, match=f"^--{name}: "):
        load_settings(flags={name: value})


@pytest.mark.parametrize("line", ["maxclients = true", "logfile = 3", "listen = 5", "listen = [1]", "timeout = 1.5"])
def test_a_value_of_another_type_is_refused_with_the_file_and_the_key(tmp_path: Path, line: str) -> None:
    file = written(tmp_path, line)
    assert refusal(file).startswith(f"{file}: {line.split()[0]}: expected ")


def test_a_password_of_a_wrong_type_is_not_repeated_in_the_error(tmp_path: Path) -> None:
    assert "12345" not in refusal(written(tmp_path, "requirepass = 12345"))


def test_a_file_that_cannot_be_read_is_refused_with_its_name(tmp_path: Path) -> None:
    file = str(tmp_path / "missing.toml")
    assert refusal(file) == f"{file}: cannot read the settings: No such file or directory"


@pytest.mark.parametrize("content", [b"maxclients = = 1", b"\xff\xfe"])
def test_a_file_that_is_not_toml_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "kvik.toml"
    path.write_bytes(content)
    assert refusal(str(path)).startswith(f"{path}: this is not TOML: ")


def test_every_default_is_what_its_own_written_form_reads_as() -> None:
    settings = Settings()
    for name, setting in SETTINGS.items():
        assert setting.kind.parse(settings.shown(name), settings.value(name)) == settings.value(name)


def test_every_field_of_the_record_is_a_setting_with_a_meaning() -> None:
    assert list(FIELDS.values()) == list(Settings.__struct_fields__)
    for name, setting in SETTINGS.items():
        assert name == setting.name
        assert setting.meaning.endswith(".")
        assert setting.flag == f"--{name}"
        assert setting.kind.expected()


def test_what_could_harm_the_file_system_is_not_live() -> None:
    assert not [
        name for name in ("logfile", "listen", "unixsocketperm", "enable-debug-command") if SETTINGS[name].is_live
    ]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Settings(appendfsync="Always"), "appendfsync: expected 'always', not 'Always'"),
        (Settings(maxclients=0), "maxclients: expected a whole number from 1 to 4294967295, not 0"),
        (Settings(keep_generations=-1), "keep_generations: expected a whole number from 0 to 10000, not -1"),
        (Settings(porch="back"), "porch: expected one of auto, poller, asyncio, not 'back'"),
        (Settings(listen=["9000"]), "listen: expected addresses such as "),
    ],
)
def test_a_program_is_told_which_of_its_settings_cannot_be_used(settings: Settings, expected: str) -> None:
    for use in (kvik.open, kvik.Server):
        with pytest.raises(ValueError) as refusal:
            use(settings=settings)
        assert str(refusal.value).startswith(expected)


def test_what_is_expected_of_a_secret_is_told_without_it() -> None:
    settings = msgspec.structs.replace(Settings(), requirepass=b"hush")
    with pytest.raises(SettingsError, match="^requirepass: expected a text$"):
        settings.check()


def test_settings_from_any_source_may_be_used() -> None:
    load_settings(flags={"client-output-buffer-limit": "pubsub 1mb 0 0", "notify-keyspace-events": "KEA"}).check()
