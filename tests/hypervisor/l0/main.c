/* SPDX-License-Identifier: MIT */
/* l0 boots, takes SVM, loads its first module as L1, and runs L1 and L2 from then on. */
#include "l0.h"

struct l0 l0;
struct psvm_vmcb vmcb01 MACHINE_PAGE, vmcb02 MACHINE_PAGE;
struct psvm_vmcb_control snapshot;
static unsigned char host_save[PAGE_SIZE] MACHINE_PAGE;

/* --- L1's image ---------------------------------------------------------- */

enum { ELF_MAGIC = 0x464c457f, ELF_LOAD = 1 };

struct elf_header {
	uint32_t magic;
	uint8_t rest[20];
	uint32_t entry, segments, sections, flags;
	uint16_t size, segment_size, segment_count;
};

struct elf_segment {
	uint32_t type, offset, address, physical, file_size, memory_size;
};

static uint64_t load(const struct multiboot_module *module)
{
	const struct elf_header *header = memory(module->start);
	const unsigned char *image = memory(module->start);

	if (header->magic != ELF_MAGIC || image[4] != 1)
		machine_fail("l0: the module is no ELF file of 32 bits");
	for (unsigned i = 0; i < header->segment_count; i++) {
		const struct elf_segment *s = (const void *)(image + header->segments +
							     i * header->segment_size);
		unsigned char *to = memory(s->physical);

		if (s->type != ELF_LOAD)
			continue;
		if (to + s->memory_size > machine_image_start)
			machine_fail("l0: L1 does not fit below l0");
		copy(to, image + s->offset, s->file_size);
		clear(to + s->file_size, s->memory_size - s->file_size);
	}
	return header->entry;
}

/* What L1 gets from its loader: its module's line, no module, and memory up to l0. */
static const struct multiboot *information_for_l1(const struct multiboot *own,
						  const struct multiboot_module *module)
{
	static struct multiboot information;
	uint32_t below = (uint32_t)((uintptr_t)machine_image_start / 1024 - 1024);

	information.flags = (own->flags & 1) | MULTIBOOT_HAS_LINE;
	information.memory_lower = own->memory_lower;
	information.memory_upper = own->memory_upper < below ? own->memory_upper : below;
	information.line = module->line;
	return &information;
}

/* --- rules --------------------------------------------------------------- */

static const struct psvm_rules *rules_named(const char *name, size_t length)
{
	static const char *const names[] = {
#define NAME(name, identifier, words) name,
		PSVM_RULE_SETS(NAME)
#undef NAME
	};

	for (uint32_t id = 0; id < PSVM_RULE_SET_COUNT; id++)
		if (same_text(name, names[id], length) && names[id][length] == 0)
			return psvm_rules_builtin(id);
	machine_fail("l0: no rule set: %s", name);
}

/* --- the start ----------------------------------------------------------- */

/* vGIF: if the processor has it, and the line does not say vgif=off. */
static bool vgif_wanted(const char *line)
{
	const char *text = "on";
	size_t length = option(line, "vgif", &text);

	if (length == 3 && same_text(text, "off", length))
		return false;
	if (length != 0 && !(length == 2 && same_text(text, "on", length)))
		machine_fail("l0: vgif is on or off, not %s", text);
	return machine_has_vgif();
}

/* A transition asks l0 to look at L1's events again. */
static void on_request(void *context, uint32_t requests)
{
	(void)context;
	l0.requests |= requests;
}

static void start(const char *line)
{
	const char *name = "exact";
	size_t length = option(line, "rules", &name);

	l0.rules = rules_named(name, length ? length : 5);
	l0.vgif = vgif_wanted(line);
	l0.last_12 = UINT64_MAX; /* none yet */
	l0.pages.vmcb01 = &vmcb01;
	l0.pages.vmcb02 = &vmcb02;
	l0.pages.snapshot = &snapshot;
	l0.pages.request = on_request;
	write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_SVME);
	write_msr(MSR_VM_HSAVE_PA, (uintptr_t)host_save);
	l0.vm_cr = read_msr(MSR_VM_CR);
	clgi();
	print("l0: %s%s\n", line, l0.vgif ? "" : " (no vGIF)");
}

void machine_main(const struct multiboot *information)
{
	const struct multiboot_module *module = memory(information->modules);

	if (!machine_has_svm())
		machine_fail("l0: no SVM with nested paging");
	if ((information->flags & MULTIBOOT_HAS_MODULES) == 0 ||
	    information->module_count == 0)
		machine_fail("l0: no module to run as L1");
	start(multiboot_line(information));
	l1_prepare(load(module), information_for_l1(information, module));
	for (;;) {
		if (l0.in_l2)
			l2_run();
		else
			l1_run();
	}
}
