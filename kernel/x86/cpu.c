/*
 * x86/cpu.c - descriptor tables and MSRs of one CPU.
 */
#include "x86/cpu.h"

#include "core/panic.h"
#include "x86/features.h"
#include "x86/paging.h"
#include "x86/vectors.h"
#include "x86/layout.h"

/* [SDM-4 "Architectural MSRs"] */
#define MSR_STAR           0xc0000081
#define MSR_LSTAR          0xc0000082
#define MSR_SFMASK         0xc0000084
#define MSR_FS_BASE        0xc0000100
#define MSR_GS_BASE        0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102

/* IF DF TF AC NT and IOPL are off in the kernel after `syscall`. */
#define SYSCALL_FLAG_MASK 0x47700

enum { IST_DF = 1, IST_NMI = 2, IST_DB = 3, IST_MC = 4 };

/* Gate descriptor [SDM-3A "64-Bit Mode IDT"]. */
struct gate {
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
};
#define GATE_INTERRUPT 0x8e
#define GATE_USER      0x60 /* DPL 3: int3, into, int 0x80 from user mode */

struct cpu cpus[CONFIG_MAX_CPUS];
unsigned cpu_count = 1;

static struct gate idt[256] __aligned(16);
extern char trap_stubs[], syscall_entry[];

static void idt_build(void)
{
    for (unsigned v = 0; v < 256; v++) {
        vaddr_t stub = (vaddr_t)trap_stubs + 16ul * v;
        idt[v] = (struct gate){
            .offset_low = (uint16_t)stub,
            .selector = SELECTOR_KERNEL_CODE,
            .type = GATE_INTERRUPT,
            .offset_middle = (uint16_t)(stub >> 16),
            .offset_high = (uint32_t)(stub >> 32),
        };
    }
    idt[VECTOR_BP].type |= GATE_USER;
    idt[VECTOR_OF].type |= GATE_USER;
    idt[VECTOR_DF].ist = IST_DF;
    idt[VECTOR_NMI].ist = IST_NMI;
    idt[VECTOR_DB].ist = IST_DB;
    idt[VECTOR_MC].ist = IST_MC;
}

/* Top of a new one-page stack; the word at the top names this CPU, for
 * trap_paranoid in entry.S. */
static vaddr_t ist_stack_create(struct cpu *cpu)
{
    paddr_t page = paging_alloc_page();

    if (page == 0)
        panic("no memory for interrupt stacks");
    vaddr_t top = (vaddr_t)phys_to_virt(page) + PAGE_SIZE;
    *(struct cpu **)(top - 8) = cpu;
    return top - 16;
}

static void load_tables(struct cpu *cpu)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) pointer;

    pointer.limit = sizeof(cpu->gdt) - 1;
    pointer.base = (vaddr_t)cpu->gdt;
    __asm__ volatile("lgdt %0" : : "m"(pointer));
    __asm__ volatile("pushq %0; leaq 1f(%%rip), %%rax; pushq %%rax; lretq; 1:"
                     :
                     : "i"(SELECTOR_KERNEL_CODE)
                     : "rax", "memory");
    __asm__ volatile("mov %0, %%ss; mov %1, %%ds; mov %1, %%es;"
                     "mov %1, %%fs; mov %1, %%gs"
                     :
                     : "r"(SELECTOR_KERNEL_DATA), "r"(0));
    pointer.limit = sizeof(idt) - 1;
    pointer.base = (vaddr_t)idt;
    __asm__ volatile("lidt %0" : : "m"(pointer));
    __asm__ volatile("ltr %w0" : : "r"(SELECTOR_TSS));
}

void cpu_init_tables(struct cpu *cpu)
{
    vaddr_t tss = (vaddr_t)&cpu->tss;

    cpu->syscall_limit = SYSCALL_LIMIT;
    if (idt[0].selector == 0)
        idt_build();
    /* [SDM-3A "Segment Descriptors"]: null, kernel code, kernel data, unused,
     * unused, user data, user code, TSS (two entries). */
    cpu->gdt[1] = 0x00af9a000000ffff;
    cpu->gdt[2] = 0x00cf92000000ffff;
    cpu->gdt[5] = 0x00cff2000000ffff;
    cpu->gdt[6] = 0x00affa000000ffff;
    cpu->gdt[7] = (sizeof(struct tss) - 1) | (tss & 0xffffff) << 16 |
                  0x89ul << 40 | (tss >> 24 & 0xff) << 56;
    cpu->gdt[8] = tss >> 32;
    cpu->tss.iomap_base = sizeof(struct tss);
    cpu->tss.ist[IST_DF - 1] = ist_stack_create(cpu);
    cpu->tss.ist[IST_NMI - 1] = ist_stack_create(cpu);
    cpu->tss.ist[IST_DB - 1] = ist_stack_create(cpu);
    cpu->tss.ist[IST_MC - 1] = ist_stack_create(cpu);
    load_tables(cpu);

    cpu_wrmsr(MSR_GS_BASE, (vaddr_t)cpu);
    cpu_wrmsr(MSR_KERNEL_GS_BASE, 0);
    cpu_wrmsr(MSR_STAR, (uint64_t)(SELECTOR_USER_DATA - 8) << 48 |
                            (uint64_t)SELECTOR_KERNEL_CODE << 32);
    cpu_wrmsr(MSR_LSTAR, (vaddr_t)syscall_entry);
    cpu_wrmsr(MSR_SFMASK, SYSCALL_FLAG_MASK);
}

void cpu_set_early_gs(struct cpu *cpu)
{
    cpu->self = cpu;
    cpu->lock_mark = cpu->id + 1;
    cpu_wrmsr(MSR_GS_BASE, (vaddr_t)cpu);
}

void cpu_set_kernel_stack(vaddr_t top)
{
    struct cpu *cpu = cpu_self();

    cpu->kernel_stack = top;
    cpu->tss.rsp[0] = top;
}

void cpu_set_fs_base(uint64_t base)
{
    if (cpu_features.fsgsbase)
        __asm__ volatile("wrfsbase %0" : : "r"(base));
    else
        cpu_wrmsr(MSR_FS_BASE, base);
}

uint64_t cpu_get_fs_base(void)
{
    uint64_t base;

    if (!cpu_features.fsgsbase)
        return cpu_rdmsr(MSR_FS_BASE);
    __asm__ volatile("rdfsbase %0" : "=r"(base));
    return base;
}

void cpu_set_user_gs_base(uint64_t base)
{
    cpu_wrmsr(MSR_KERNEL_GS_BASE, base);
}

uint64_t cpu_get_user_gs_base(void)
{
    return cpu_rdmsr(MSR_KERNEL_GS_BASE);
}
