"""Labs: holes cut into the kernel, and a grader for what fills them."""
