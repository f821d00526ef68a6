"""What the runners of `case_*.py` files share: finding the cases, running one in namespaces of its own,
showing and storing the results. A result is a list [PASS, FAIL, SKIP or NOTE, check, detail].
"""

import importlib
import inspect
import itertools
import json
import shutil
import subprocess
import time
import traceback

PRIVATE = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child",
           "--mount-proc"]


class Stop(Exception):
    """Ends a case whose next steps would make no sense."""


def alone(case):
    """Marks a case that runs when no other does."""
    case.alone = True
    return case


def find(folder, filters=()):
    """Name -> (function, settings) of the cases with one of the filters in their names. A function of a
    case_*.py module whose name starts with `test_` is a case; its default arguments that are tuples are its
    variants.
    """
    cases = {}
    for path in sorted(folder.glob("case_*.py")):
        module = importlib.import_module(path.stem)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if not name.startswith("test_") or function.__module__ != module.__name__:
                continue
            parameters = list(inspect.signature(function).parameters.values())[1:]
            for values in itertools.product(*(parameter.default for parameter in parameters)):
                settings = dict(zip((parameter.name for parameter in parameters), values))
                label = "-".join([name[5:], *(str(value) for value in values)])
                cases[label] = (function, settings)
    return {name: case for name, case in cases.items()
            if not filters or any(part in name for part in filters)}


def run(case, lab):
    """One case, already in its namespaces; the lab prints the results."""
    function, settings = case
    try:
        function(lab, **settings)
    except Stop:
        pass
    except Exception as error:  # a broken case is a failed case, with the place it broke
        traceback.print_exc()
        lab.check("case runs to its end", False, f"{type(error).__name__}: {error}")


def run_apart(command, logs, seconds):
    """Runs the command, which runs one case, to its end; returns its results and the seconds it took."""
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    begin = time.monotonic()
    with open(logs / "case.log", "w", encoding="utf-8") as errors, subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=errors, text=True) as child:
        try:
            output, _ = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            output, _ = child.communicate()
            output += f"FAIL\tends in time\tstill running after {seconds} s\n"
    results = [line.split("\t", 2) for line in output.splitlines() if line.count("\t") >= 2]
    if not results:
        results = [["FAIL", "starts", (logs / "case.log").read_text()[-400:]]]
    return results, time.monotonic() - begin


def show(name, results, seconds, logs, verbose):
    """One line for a case, and one for each check that did not pass."""
    failed = sum(result[0] == "FAIL" for result in results)
    passed = sum(result[0] == "PASS" for result in results)
    outcome = "FAIL" if failed else "PASS" if passed else "SKIP"
    checks = sum(result[0] != "NOTE" for result in results)
    print(f"{outcome} {name} ({passed} of {checks} checks, {seconds:.1f} s)")
    for word, check, detail in results:
        if word != "PASS" or verbose:
            print(f"     {word} {check}{': ' + detail if detail else ''}", flush=True)
    if failed:
        print(f"     logs: {logs}", flush=True)


def finish(everything, path):
    """Stores the results of all cases in the JSON file, prints their number; returns the exit code."""
    if path:
        path.write_text(json.dumps(everything, indent=1))
    words = [result[0] for results in everything.values() for result in results]
    print(f"{words.count('PASS')} passed, {words.count('FAIL')} failed, {words.count('SKIP')} skipped")
    return 1 if "FAIL" in words else 0
