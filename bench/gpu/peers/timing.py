"""What the peers share: the options of their command lines, blocks of steps, and lines of JSON."""

import argparse
import json
import statistics
import sys

SKIPPED = 77  # the exit status of a program that cannot do its work here
PRECISIONS = ("float32", "tf32", "bf16")
LEAST_BLOCKS = 9


def parse_arguments(modes):
    parser = argparse.ArgumentParser(description="Measures training steps of the CIFAR-10 network; prints a line of JSON per figure.")
    parser.add_argument("--mode", choices=modes, default=modes[0])
    parser.add_argument("--batch", default="32,128,512,1024", help="images per step, with commas between")
    parser.add_argument("--precision", default=",".join(PRECISIONS), help="of " + ", ".join(PRECISIONS))
    parser.add_argument("--seconds", type=float, default=2.0, help="time for each figure")
    arguments = parser.parse_args()
    arguments.batch = [int(text) for text in arguments.batch.split(",")]
    arguments.precision = arguments.precision.split(",")
    unknown = set(arguments.precision) - set(PRECISIONS)
    if unknown:
        parser.error("unknown precision: " + ", ".join(sorted(unknown)))
    return arguments


def skip(reason):
    print(reason, file=sys.stderr)
    sys.exit(SKIPPED)


def take_samples(run_block, seconds, block_seconds=0.02):
    """Microseconds per step of many blocks, sorted. run_block(steps) makes the steps and returns the seconds that they took."""
    run_block(3)
    steps = 1
    duration = run_block(steps)
    while duration < block_seconds:
        steps *= 2
        duration = run_block(steps)
    samples = []
    total = 0.0
    while len(samples) < LEAST_BLOCKS or total < seconds:
        duration = run_block(steps)
        total += duration
        samples.append(duration / steps * 1e6)
    return sorted(samples)


def report(peer, precision, batch, samples, first_step_seconds, peak_bytes, clock, **more):
    median = statistics.median(samples)
    line = {
        "peer": peer,
        "precision": precision,
        "batch": batch,
        "median_us": round(median, 2),
        "p95_us": round(samples[int(0.95 * (len(samples) - 1))], 2),
        "images_per_second": round(batch / median * 1e6),
        "peak_bytes": peak_bytes,
        "first_step_s": round(first_step_seconds, 4),
        "clock": clock,
    }
    line.update(more)
    print(json.dumps(line), flush=True)


def report_failure(peer, precision, batch, error):
    """A configuration that a peer cannot do is no reason to lose the others."""
    text = str(error).splitlines()[0] if str(error) else ""
    print(json.dumps({"peer": peer, "precision": precision, "batch": batch, "error": f"{type(error).__name__}: {text}"[:300]}), flush=True)
