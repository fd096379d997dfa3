"""Grading on many machines: the command to type, not a scheduler of ours."""

import os
import shlex

from . import spec

SLURM = """#!/bin/bash
#SBATCH --array=0-{last}
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
submissions=({files})
cd {root} && tools/grade --lab {lab} --seed {seed} -j 1 \\
    {hidden}--cache {cache} --out {out} \\
    "${{submissions[$SLURM_ARRAY_TASK_ID]}}"
"""

KUBERNETES = """# An image with Debian, `make setup` and the project at {root}; a shared
# volume `work` that holds submissions and results.
apiVersion: batch/v1
kind: Job
metadata:
  name: grade-{lab}
spec:
  completions: {count}
  parallelism: {jobs}
  completionMode: Indexed
  template:
    spec:
      restartPolicy: OnFailure
      containers:
      - name: grade
        image: hanu-grader
        workingDir: {root}
        command: ["bash", "-c"]
        args:
        - |
          submissions=({files})
          exec tools/grade --lab {lab} --seed {seed} -j 1 \\
              {hidden}--cache {cache} --out {out} \\
              "${{submissions[$JOB_COMPLETION_INDEX]}}"
        resources: {{limits: {{cpu: "2", memory: 4Gi}}}}
        volumeMounts: [{{name: work, mountPath: {work}}}]
      volumes:
      - name: work
        persistentVolumeClaim: {{claimName: grading}}
"""


def show(options, seed):
    """Print the script or command for the submissions named."""
    paths = [os.path.abspath(path) for path in options.what]
    seed = shlex.quote(seed)
    hidden = f"--hidden {shlex.quote(os.path.abspath(options.hidden))} " \
        if options.hidden else ""
    facts = {"lab": options.lab, "seed": seed, "root": shlex.quote(spec.ROOT),
             "out": shlex.quote(os.path.abspath(options.out)),
             "files": " ".join(map(shlex.quote, paths)), "count": len(paths),
             "hidden": hidden,
             "last": len(paths) - 1, "jobs": options.jobs,
             "cache": shlex.quote(options.cache or
                                  f"/var/tmp/hanu-grade-{os.getuid()}"),
             "work": os.path.commonpath([os.path.dirname(p) for p in paths] +
                                      [os.path.abspath(options.out)])}
    if options.plan == "slurm":
        print(SLURM.format(**facts), end="")
    elif options.plan == "kubernetes":
        if facts["work"] == "/":
            raise spec.LabError("submissions and --out must lie in one folder, "
                                "the shared volume")
        print(KUBERNETES.format(**facts), end="")
    else:
        print("# hosts: a file with one `user@host` a line; the same paths on "
              "all of them\nparallel --quote --sshloginfile hosts --jobs "
              f"{options.jobs} --wd {facts['root']} \\"
              f"\n    tools/grade --lab {facts['lab']} --seed {seed} -j 1 "
              f"{hidden}--cache {facts['cache']} \\\n    --out {facts['out']} "
              f"::: {facts['files']}")
    return 0
