# Makefile - builds kernel, C library, programs, initrd and ISO under $(B).
#
# Idea:   every source is found by wildcard; the folder decides how it is
#         compiled. $(B)/k is code for the kernel, $(B)/u code for programs
#         on hanu, $(B)/host the same programs for the machine we build on.
# Knobs:  B= V=1 DEBUG=1 LOCKCHECK=1 WERROR=1 CC=clang TOOLPREFIX= SMP= MEM= ARGS= GDBARGS=
# Next:   tools/run (start a program), tools/mkinitrd, tests/conftest.py.

B ?= build
SMP ?= 2
MEM ?= 256M
GDBPORT ?= 1234
PYTHON ?= /usr/bin/python3
HOSTCC ?= cc
export B

# `make setup test` on a bare machine: only a make that starts after the
# installation sees the tools, so what follows setup runs in a new one.
ifneq ($(filter setup,$(MAKECMDGOALS)),)
AFTER := $(filter-out setup,$(MAKECMDGOALS))
.PHONY: setup $(AFTER)
setup: ## install what is missing (apt), or say what to install
	@tools/setup
	@$(if $(AFTER),$(MAKE) --no-print-directory $(AFTER))
$(AFTER): setup ;
else

# ---- toolchain: x86_64-elf-, x86_64-linux-gnu- or the native one -----------
have = $(shell command -v $(1) 2>/dev/null)
ifeq ($(origin TOOLPREFIX),undefined)
TOOLPREFIX := $(firstword $(foreach p,x86_64-elf- x86_64-linux-gnu-,\
	$(if $(call have,$(p)gcc),$(p))))
endif
ifeq ($(origin CC),default)
CC := $(TOOLPREFIX)gcc
endif
tool = $(or $(call have,$(TOOLPREFIX)$(1)),$(call have,llvm-$(1)),$(1))
LD := $(if $(filter default undefined,$(origin LD)),$(call tool,ld),$(LD))
AR := $(if $(filter default undefined,$(origin AR)),$(call tool,ar),$(AR))
NM := $(call tool,nm)
STRIP := $(call tool,strip)
IS_CLANG := $(findstring clang,$(notdir $(firstword $(CC))))
TARGET_FLAG := $(if $(IS_CLANG),--target=x86_64-elf)
GCC_INCLUDE := $(shell $(CC) -print-file-name=include 2>/dev/null)

# ---- flags -----------------------------------------------------------------
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wundef -Wvla -Wpointer-arith -Wwrite-strings \
	-Wformat=2 -Wimplicit-fallthrough -Wno-unused-parameter
WARN += $(if $(WERROR),-Werror)
WARN += $(if $(IS_CLANG),-Wthread-safety -Wno-gnu-variable-sized-type-not-at-end)
# Loops in memset() and friends must not be turned back into calls of them.
NO_IDIOMS := $(if $(IS_CLANG),,-fno-tree-loop-distribute-patterns)
OPT := $(if $(DEBUG),-Og -DHANU_DEBUG=1,-O2)
# Its backtraces need every caller, also of a call that ends a function.
CHECKED := $(if $(LOCKCHECK),-DHANU_LOCKCHECK=1 -fno-optimize-sibling-calls)
COMMON := $(TARGET_FLAG) -std=gnu17 -g $(OPT) $(WARN) -MMD -MP -nostdinc \
	-fno-pic -fno-common -fno-omit-frame-pointer -fno-stack-protector \
	-fcf-protection=none
KFLAGS := $(COMMON) $(CHECKED) -isystem $(GCC_INCLUDE) -I kernel -I lib \
	-I $(B)/include -ffreestanding -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
	-fno-strict-aliasing -fwrapv -fno-asynchronous-unwind-tables \
	-Wframe-larger-than=1024 $(NO_IDIOMS)
UFLAGS := $(COMMON) -D_GNU_SOURCE= -I lib/c/include -isystem $(GCC_INCLUDE) \
	-I lib -fno-asynchronous-unwind-tables
LIBFLAGS := -ffreestanding $(NO_IDIOMS)
# exec takes char *const []: string literals in argument lists are no mistake.
HOSTFLAGS := -std=gnu17 -g -O2 $(WARN) -Wno-write-strings -D_GNU_SOURCE= \
	-MMD -MP
UNITFLAGS := $(HOSTFLAGS) -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -I . -I kernel -I lib
KLDFLAGS := -nostdlib -static -z max-page-size=0x1000 -z noexecstack \
	--build-id=none $(if $(shell $(LD) --help 2>/dev/null | grep warn-rwx),--no-warn-rwx-segments)
ULDFLAGS := -nostdlib -static -z max-page-size=0x1000 -z noexecstack \
	-z separate-code --build-id=none

Q := $(if $(V),,@)
say = @mkdir -p $(@D)$(if $(V),,; printf '  %-5s %s\n' '$(1)' '$(2)')

# ---- sources, all by wildcard ----------------------------------------------
OFFSETS_C := kernel/x86/asm-offsets.c
NOT_BUILT := $(OFFSETS_C) $(if $(LOCKCHECK),,kernel/core/lockcheck.c)
KSRC := $(sort $(filter-out $(NOT_BUILT),$(shell find boot kernel lib/base \
	tests/kernel \( -name '*.c' -o -name '*.S' \) 2>/dev/null)))
KOBJ := $(patsubst %,$(B)/k/%.o,$(basename $(KSRC)))
LIBC_OBJ := $(patsubst %,$(B)/u/%.o,$(basename $(filter-out lib/c/crt0.S,\
	$(sort $(shell find lib/c lib/base -name '*.[cS]' 2>/dev/null)))))
UTHREAD_SRC := $(wildcard lib/uthread/*.[cS])
COMMON_SRC := $(wildcard user/common/*.c)
USER_NAMES := $(sort $(basename $(notdir $(wildcard user/*.c))) \
	$(filter-out common,$(notdir $(patsubst %/,%,$(dir $(wildcard user/*/*.c))))))
TEST_NAMES := $(sort $(basename $(notdir $(wildcard tests/user/*.c))))
TEST_COMMON := $(wildcard tests/user/common/*.c)
UNIT_NAMES := $(sort $(basename $(notdir $(wildcard tests/unit/*.c))))
sources_of = $(wildcard user/$(1).c user/$(1)/*.c)

USER_BINS := $(USER_NAMES:%=$(B)/user/%)
TEST_BINS := $(TEST_NAMES:%=$(B)/tests/user/%)
HOST_USER := $(filter-out $(B)/host/user/init,$(USER_NAMES:%=$(B)/host/user/%))
HOST_TESTS := $(TEST_NAMES:%=$(B)/host/tests/%)
UNIT_BINS := $(UNIT_NAMES:%=$(B)/host/unit/%)
CRT0 := $(B)/u/lib/c/crt0.o
# Threads last: what a course lab changes there must not stand for libc.
ULIBS := $(B)/lib/libcommon.a $(B)/lib/libc.a $(B)/lib/libuthread.a
HOST_UTHREAD := $(B)/host/lib/libuthread.a
REPLACE_SIM := $(B)/host/replace-sim

.DEFAULT_GOAL := all
.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: all kernel user tests host unit help doctor qemu iso run test \
	lockcheck test-lockcheck test-long test-host check bench stats gdb \
	lab grade check-labs \
	qemu-gdb debug record replay format compile_commands clean FORCE

all: kernel user $(B)/initrd.cpio
kernel: $(B)/kernel.elf
user: $(USER_BINS)
tests: $(TEST_BINS)
host: $(HOST_USER) $(HOST_TESTS) $(REPLACE_SIM)
unit: $(UNIT_BINS)

# A change of flags rebuilds everything that was compiled with the old ones.
FLAGS_NOW := $(CC) $(LD) $(KFLAGS) $(UFLAGS) $(HOSTCC) $(HOSTFLAGS)
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS_NOW)' | cmp -s - $@ || echo '$(FLAGS_NOW)' > $@

# ---- kernel ----------------------------------------------------------------
# All types of its headers, for debuggers.
$(B)/k/kernel/debug_facts.o: KFLAGS += -fno-eliminate-unused-debug-types

$(B)/k/%.o: %.c $(B)/flags | $(B)/include/asm-offsets.h
	$(call say,CC,$<)
	$(Q)$(CC) $(KFLAGS) -c $< -o $@

$(B)/k/%.o: %.S $(B)/flags $(B)/include/asm-offsets.h
	$(call say,AS,$<)
	$(Q)$(CC) $(KFLAGS) -D__ASSEMBLER__ -c $< -o $@

# Lines `->NAME $value` in the compiler's output become #defines.
$(B)/include/asm-offsets.h: $(OFFSETS_C) $(B)/flags
	$(call say,GEN,$@)
	$(Q)$(CC) $(KFLAGS) -MT $@ -S $< -o $@.s
	$(Q)sed -n 's/^.*->\([A-Za-z0-9_]*\) \$$*\(-*[0-9]*\).*/#define \1 \2/p' \
		$@.s > $@

# Linked twice: the names of the functions go into the kernel itself.
symbols = $(PYTHON) tools/kernel-symbols > $(B)/symbols.S && \
	$(CC) $(TARGET_FLAG) -c $(B)/symbols.S -o $(B)/symbols.o && \
	$(LD) $(KLDFLAGS) -T boot/kernel.ld -o
$(B)/kernel.elf: $(KOBJ) boot/kernel.ld tools/kernel-symbols
	$(call say,LD,$@)
	$(Q): | ($(symbols) $@.1 $(KOBJ) $(B)/symbols.o)
	$(Q)$(NM) -n $@.1 | ($(symbols) $@ $(KOBJ) $(B)/symbols.o)
	$(Q)$(NM) -n $@ > $(B)/kernel.sym

# ---- C library and programs for hanu ---------------------------------------
$(B)/u/lib/%.o: UFLAGS += $(LIBFLAGS)
$(B)/u/user/%.o: UFLAGS += -I user -Wno-write-strings
$(B)/u/tests/%.o: UFLAGS += -I tests/user -Wno-write-strings

$(B)/u/%.o: %.c $(B)/flags
	$(call say,CC,$< (user))
	$(Q)$(CC) $(UFLAGS) -c $< -o $@

$(B)/u/%.o: %.S $(B)/flags
	$(call say,AS,$< (user))
	$(Q)$(CC) $(UFLAGS) -c $< -o $@

define archive
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^
endef
$(B)/lib/libc.a: $(LIBC_OBJ)
	$(archive)
$(B)/lib/libcommon.a: $(COMMON_SRC:%.c=$(B)/u/%.o)
	$(archive)
$(B)/lib/libtest.a: $(TEST_COMMON:%.c=$(B)/u/%.o)
	$(archive)
$(B)/lib/libuthread.a: $(patsubst %,$(B)/u/%.o,$(basename $(UTHREAD_SRC)))
	$(archive)

link_user = $(Q)$(LD) $(ULDFLAGS) -o $@ $(filter %.o,$^) --start-group \
	$(filter %.a,$^) --end-group
define user_program
$(B)/user/$(1): $(CRT0) $(patsubst %.c,$(B)/u/%.o,$(call sources_of,$(1))) $(ULIBS)
	$$(call say,LD,$$@)
	$$(link_user)
$(B)/host/user/$(1): $(call sources_of,$(1)) $(COMMON_SRC) $(HOST_UTHREAD)
	$$(call say,HOST,$$@)
	$(Q)$(HOSTCC) $(HOSTFLAGS) -MF $$@.d -I user \
		$(call sources_of,$(1)) $(COMMON_SRC) $(HOST_UTHREAD) -o $$@ -lpthread
endef
$(foreach n,$(USER_NAMES),$(eval $(call user_program,$(n))))

$(B)/tests/user/%: $(CRT0) $(B)/u/tests/user/%.o $(B)/lib/libtest.a \
		$(B)/lib/libuthread.a $(B)/lib/libc.a
	$(call say,LD,$@)
	$(link_user)

# ---- programs for the host: the same sources, the host's C library ---------
$(B)/host/tests/%: tests/user/%.c $(TEST_COMMON) $(HOST_UTHREAD)
	$(call say,HOST,$@)
	$(Q)$(HOSTCC) $(HOSTFLAGS) -MF $@.d -I tests/user $< $(TEST_COMMON) -o $@ \
		$(HOST_UTHREAD) -lpthread

$(B)/host/lib/%.o: lib/uthread/%.c $(B)/flags
	$(call say,HOST,$<)
	$(Q)$(HOSTCC) $(HOSTFLAGS) -c $< -o $@
$(B)/host/lib/%.o: lib/uthread/%.S $(B)/flags
	$(call say,HOST,$<)
	$(Q)$(HOSTCC) $(HOSTFLAGS) -c $< -o $@
$(HOST_UTHREAD): $(patsubst lib/uthread/%,$(B)/host/lib/%.o,$(basename $(UTHREAD_SRC)))
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

# The kernel's replacement policies in a simulator, for tools/replace.
$(REPLACE_SIM): $(wildcard tools/replace_sim/*.[ch] \
		kernel/replace/*.[ch]) lib/base/list.h $(B)/flags
	$(call say,HOST,$@)
	$(Q)$(HOSTCC) $(filter-out -MMD -MP,$(HOSTFLAGS)) -I kernel -I lib \
		$(filter %.c,$^) -o $@

# A unit test names further sources in a comment: /* links: lib/base/tree.c */
links_of = $(shell sed -n 's,.*links: *\(.*[^ ]\) *\*/.*,\1,p' $(1))
$(B)/host/unit/%: tests/unit/%.c $(wildcard lib/base/*.[ch]) $(B)/flags
	$(call say,HOST,$@)
	$(Q)$(HOSTCC) $(UNITFLAGS) -c $< -o $@.o
	$(Q)$(HOSTCC) $(filter-out -MMD -MP,$(UNITFLAGS)) $@.o \
		$(call links_of,$<) -o $@
$(foreach n,$(UNIT_NAMES),$(eval $(B)/host/unit/$(n): \
	$(call links_of,tests/unit/$(n).c)))

# ---- images ----------------------------------------------------------------
$(B)/initrd.cpio: $(USER_BINS) tools/mkinitrd $(wildcard tools/hanu/*.py)
	$(call say,CPIO,$@)
	@rm -rf $(B)/stripped && mkdir -p $(B)/stripped
	$(Q)for p in $(USER_NAMES); do \
		$(STRIP) -o $(B)/stripped/$$p $(B)/user/$$p || exit 1; done
	$(Q)$(PYTHON) tools/mkinitrd $@ $(B)/stripped

iso: $(B)/hanu.iso ## $(B)/hanu.iso for GRUB, BIOS and UEFI
$(B)/hanu.iso: $(B)/kernel.elf $(B)/initrd.cpio boot/grub.cfg
	$(call say,ISO,$@)
	@rm -rf $(B)/iso && mkdir -p $(B)/iso/boot/grub
	@cp boot/grub.cfg $(B)/iso/boot/grub/ && cp $(B)/kernel.elf $(B)/initrd.cpio $(B)/iso/boot/
	$(Q)grub-mkrescue -o $@ $(B)/iso >$(B)/iso.log 2>&1 || { cat $(B)/iso.log; exit 1; }

# ---- running ---------------------------------------------------------------
qemu: all ## boot to the shell on this terminal (Ctrl-A X leaves); RUNARGS=...
	$(Q)$(PYTHON) tools/run --smp $(SMP) --mem $(MEM) $(RUNARGS)
run: all ## run one command: make run ARGS='ls -l /'; RUNARGS='--disk FILE'
	$(Q)$(PYTHON) tools/run --smp $(SMP) --mem $(MEM) $(RUNARGS) -- $(or $(ARGS),sh -c 'echo hello from hanu')
qemu-gdb: all ## boot and wait for the debugger on port GDBPORT
	$(Q)$(PYTHON) tools/run --smp $(SMP) --mem $(MEM) --gdb $(GDBPORT) $(RUNARGS)
gdb: all ## attach gdb with the symbols of the kernel; GDBARGS="-ex ..."
	$(Q)gdb -q -x tools/gdb/hanu.py $(B)/kernel.elf \
		-ex 'target remote localhost:$(GDBPORT)' $(GDBARGS)
debug: all ## both in one terminal: make debug ARGS='cow 4' GDBARGS=...
	$(Q)$(PYTHON) tools/debug --smp $(SMP) --mem $(MEM) \
		--gdb-arguments $(GDBARGS) -- $(or $(ARGS),cow)
record: all ## run CMD='cow 4' once and keep it in $(B)/record, for replay
	$(Q)$(PYTHON) tools/run --record $(B)/record $(RECORDARGS) -- \
		$(or $(CMD),$(error make record CMD='...'))
replay: ## the recording in gdb, forwards and backwards; GDBARGS=...
	$(Q)$(PYTHON) tools/debug --replay $(B)/record --gdb-arguments $(GDBARGS)
test: all tests host unit lockcheck ## all tests (pytest); PYTEST="-k cow" selects
	$(Q)$(PYTHON) -m pytest tests $(PYTEST)
test-long: all tests ## wake-ups for hours; LONG="--sleeps 100000 --seeds 2" less
	$(Q)$(PYTHON) tools/test-long $(LONG)
# The same kernel with the checks of core/lockcheck.h, for the same programs.
lockcheck: all ## a kernel that checks its locks, in $(B)/lockcheck
	$(Q)$(MAKE) --no-print-directory B=$(B)/lockcheck LOCKCHECK=1 kernel
	@ln -f $(B)/initrd.cpio $(B)/lockcheck/ && ln -sfn ../tests $(B)/lockcheck/tests
test-lockcheck: lockcheck tests ## kernel, user, disk, swap tests on it
	$(Q)B=$(B)/lockcheck $(PYTHON) -m pytest tests/test_kernel.py \
		tests/test_user.py tests/test_swap.py tests/test_disk.py $(PYTEST)
test-host: host ## the user programs of the tests on the host system
	$(Q)$(PYTHON) -m pytest tests/test_host.py $(PYTEST)
bench: all ## guest instructions per operation
	$(Q)$(PYTHON) tools/bench

# ---- course labs -----------------------------------------------------------
lab: ## a student's tree: make lab LAB=cow OUT=folder
	$(Q)tools/lab make $(or $(LAB),$(error LAB=name)) $(or $(OUT),$(error OUT=folder))
grade: all ## in a student's tree: its points; TEST=name, SEED=s, GDB=1
	$(Q)tools/grade --here $(TEST) $(addprefix --seed ,$(SEED)) \
		$(if $(GDB),--gdb $(GDBPORT))
check-labs: ## all labs: starter, solution, every mutant; goes on where it ended
	$(Q)tools/lab check -j$(or $(JOBS),$(shell nproc)) $(LABS)

# ---- tools -----------------------------------------------------------------
doctor: ## which tools are here, which are missing or too old
	$(Q)$(PYTHON) tools/doctor
check: $(B)/include/asm-offsets.h ## format, layers, headers, user pointers, tidy, spelling
	$(Q)KFLAGS='$(KFLAGS)' UFLAGS='$(UFLAGS)' tools/check
stats: ## lines of code, size of the spine, function lengths
	$(Q)$(PYTHON) tools/stats
format: ## clang-format all sources
	$(Q)git ls-files '*.c' '*.h' | xargs clang-format -i
compile_commands: ## compile_commands.json for editors and clang tools
	$(Q)$(MAKE) -nBk --no-print-directory V=1 all tests | \
		$(PYTHON) tools/compile-commands > compile_commands.json
clean: ## remove $(B)
	rm -rf $(B)
help: ## this list
	@sed -n 's/^\([a-z_-]*\):.*## /\1|/p' Makefile | \
		while IFS='|' read -r t d; do printf '%-17s %s\n' "$$t" "$$d"; done

-include $(shell find $(B) -name '*.d' 2>/dev/null)
endif
