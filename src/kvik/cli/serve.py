"""`kvik serve`: the settings from file, environment and flags, then the server until it is told to end."""

import os

import click

from kvik.cli.opening import explained
from kvik.errors import DirectoryInUse, JournalDamaged, SettingsError
from kvik.setting_kinds import Choice
from kvik.settings import MAX_VOLUME, SETTINGS, Setting, Settings, load_settings

Flags = dict[str, str | tuple[str, ...] | None]


def option(name: str, setting: Setting) -> click.Option:
    """Return the flag of a setting, taken as text: the record itself checks it."""
    is_list = name == "listen"
    words = [setting.meaning]
    if isinstance(setting.kind, Choice):
        words.append(f"One of {', '.join(setting.kind.words)}.")
    default = "" if setting.is_secret else Settings().shown(name)
    if default:
        words.append(f"[{default}]")
    return click.Option(
        [setting.flag, parameter(name)],
        metavar="ADDRESS" if is_list else "VALUE",
        multiple=is_list,
        help=" ".join(words),
    )


def parameter(name: str) -> str:
    return name.replace("-", "_")


def serve(
    directory: str | None, memory: bool, config: str | None, bind: str | None, port: str | None, **given: str | None
) -> int:
    """Serve a database over the network.

    With DIR the data is kept there, without it in memory only; ./server keeps it in data/ beside itself where
    nothing else is said. Settings come from the file, then from KVIK_* variables, then from these flags.
    """
    if memory and directory is not None:
        raise click.UsageError(f"--memory keeps nothing: leave it out to keep the data in {directory}")
    flags: Flags = {name: given[parameter(name)] for name in (MAX_VOLUME, *SETTINGS)}
    if bind is not None or port is not None:
        flags["listen"] = listen_on(bind, port, flags["listen"])
    try:
        settings = load_settings(config or os.environ.get("KVIK_CONFIG"), os.environ, flags)
        # Imported here: wrong use is told before the server is loaded.
        from kvik.assembly import serve as serve_until_the_end

        return serve_until_the_end(settings, directory)
    except (SettingsError, DirectoryInUse, JournalDamaged) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(explained(error)) from None


def listen_on(bind: str | None, port: str | None, listen: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """Return the address that --bind and --port stand for."""
    if listen:
        raise click.UsageError("--bind and --port stand for one --listen: give either these or --listen")
    host = bind or "127.0.0.1"
    return (f"auto://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{port or 9736}",)


command = click.Command(
    "serve",
    callback=serve,
    help=serve.__doc__,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    params=[
        click.Argument(["directory"], required=False, metavar="[DIR]"),
        click.Option(["--memory"], is_flag=True, help="Keep nothing; what happens anyway where DIR is left out."),
        click.Option(["--config"], metavar="FILE", help="Read settings from this TOML file."),
        click.Option(
            ["--bind"], metavar="HOST", help="Serve this host's address: short for --listen auto://HOST:PORT."
        ),
        click.Option(["--port"], metavar="PORT", help="Serve this port: short for --listen auto://HOST:PORT."),
        click.Option(
            ["--max-volume"],
            metavar="VALUE",
            help="How much data there may be, as 64mb or 1000keys: short for --maxmemory or --maxkeys.",
        ),
        *[option(name, setting) for name, setting in SETTINGS.items()],
    ],
)
