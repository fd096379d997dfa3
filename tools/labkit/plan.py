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
    --out {out} "${{submissions[$SLURM_ARRAY_TASK_ID]}}"
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
          exec tools/grade --lab {lab} --seed {seed} -j 1 --out {out} \\
              "${{submissions[$JOB_COMPLETION_INDEX]}}"
        resources: {{limits: {{cpu: "2", memory: 4Gi}}}}
        volumeMounts: [{{name: work, mountPath: {work}}}]
      volumes:
      - name: work
        persistentVolumeClaim: {{claimName: grading}}
"""


def show(options):
    """Print the script or command for the submissions named."""
    paths = [os.path.abspath(path) for path in options.what]
    seed = shlex.quote(options.seed or "1")
    facts = {"lab": options.lab, "seed": seed, "root": spec.ROOT,
             "out": shlex.quote(os.path.abspath(options.out)),
             "files": " ".join(map(shlex.quote, paths)), "count": len(paths),
             "last": len(paths) - 1, "jobs": options.jobs,
             "work": os.path.commonpath([os.path.dirname(p) for p in paths])}
    if options.plan == "slurm":
        print(SLURM.format(**facts), end="")
    elif options.plan == "kubernetes":
        print(KUBERNETES.format(**facts), end="")
    else:
        print("# hosts: a file with one `user@host` a line; the same paths on "
              "all of them\nparallel --sshloginfile hosts --jobs "
              f"{options.jobs} --joblog grade.log --resume --wd {spec.ROOT} \\"
              f"\n    tools/grade --lab {facts['lab']} --seed {seed} -j 1 "
              f"--out {facts['out']} ::: {facts['files']}")
    return 0
