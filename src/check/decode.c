/* SPDX-License-Identifier: MIT */
/* The tables of the headers, expanded to names, and the walks over them. */
#include "psvm/decode.h"

#include "psvm/int_ctl.h"
#include "rows.h"

/* An enumerator for each gate: a row that names no gate does not compile. */
enum gate {
#define X(gate, text) GATE_##gate,
	PSVM_GATES(X)
#undef X
};

static const struct psvm_decode_gate gates[] = {
#define X(gate, text) { #gate, text },
	PSVM_GATES(X)
#undef X
};

/*
 * Fields.
 */
struct field_row {
	const char *area;
	const char *name;
	unsigned int offset;
	unsigned int width;
	unsigned int count;
	bool reserved;
	const char *clean;
	enum gate gate;
	const char *section;
};

#define PLAIN(area, name, offset, width, count, clean, gate, section) \
	{ area, name, offset, width, count, false, clean, gate, section },
#define PLAIN_1 PLAIN
#define PLAIN_2 PLAIN
#define PLAIN_4 PLAIN
#define PLAIN_8 PLAIN
/* A segment is its four registers. */
#define PLAIN_16(area, name, offset, width, count, clean, gate, section) \
	PLAIN(area, name ".selector", (offset) + 0, 2, 1, clean, gate, section) \
	PLAIN(area, name ".attrib", (offset) + 2, 2, 1, clean, gate, section) \
	PLAIN(area, name ".limit", (offset) + 4, 4, 1, clean, gate, section) \
	PLAIN(area, name ".base", (offset) + 8, 8, 1, clean, gate, section)

#define CONTROL(name, type, offset, width, count, clean, gate, section) \
	PLAIN_##width("control", #name, offset, width, count, #clean, GATE_##gate, \
		      section)
#define CONTROL_RESERVED(begin, end) \
	{ "control", "reserved_" #begin, begin, 1, (end) - (begin), true, \
	  "NONE",    GATE_BASE,		 "B-1" },
#define SAVE(name, type, offset, width, count, clean, gate, section) \
	PLAIN_##width("save", #name, PSVM_VMCB_CONTROL_SIZE + (offset), width, count, \
		      #clean, GATE_##gate, section)
#define SAVE_RESERVED(begin, end) \
	{ "save", "reserved_" #begin, PSVM_VMCB_CONTROL_SIZE + (begin), \
	  1,	  (end) - (begin),    true, \
	  "NONE", GATE_BASE,	      "B-2" },

static const struct field_row field_rows[] = {
	PSVM_VMCB_CONTROL_LAYOUT(CONTROL, CONTROL, CONTROL_RESERVED)
		PSVM_VMCB_SAVE_LAYOUT(SAVE, SAVE, SAVE_RESERVED)
};

/*
 * Bits and named values.
 */
struct bit_row {
	const char *name;
	unsigned int shift;
	unsigned int width;
	enum gate gate;
	const char *section;
};

struct value_row {
	const char *name;
	uint64_t value;
};

#define BIT(name, shift, width, gate, section) \
	{ #name, shift, width, GATE_##gate, section },
#define VALUE(name, value, gate, section)	{ #name, value },
#define EXIT(name, shift, width, gate, section) { #name, PSVM_EXIT_##name },

/* Rows of 060h that nobody owns are like bits without a row. */
#define INT_CTL(name, kvm, shift, width, writer, gate, ignored, section) \
	INT_CTL_##writer({ #name, shift, width, GATE_##gate, section })
#define INT_CTL_HW(...) __VA_ARGS__,
#define INT_CTL_SW(...) __VA_ARGS__,
#define INT_CTL_SBZ(...)

static const struct bit_row intercept_cr_bits[] = { PSVM_INTERCEPT_CR_BITS(BIT) };
static const struct bit_row intercept_dr_bits[] = { PSVM_INTERCEPT_DR_BITS(BIT) };
static const struct bit_row intercept_exceptions_bits[] = { PSVM_INTERCEPT_EXCEPTION_BITS(
	BIT) };
static const struct bit_row intercept_misc1_bits[] = { PSVM_INTERCEPT_MISC1_BITS(BIT) };
static const struct bit_row intercept_misc2_bits[] = { PSVM_INTERCEPT_MISC2_BITS(BIT) };
static const struct bit_row intercept_misc3_bits[] = { PSVM_INTERCEPT_MISC3_BITS(BIT) };
static const struct bit_row tlb_control_bits[] = { BIT(TLB_CONTROL, 0, 8, BASE,
						       "15.16, B-1") };
static const struct bit_row erap_bits[] = { PSVM_ERAP_BITS(BIT) };
static const struct bit_row int_ctl_bits[] = { PSVM_INT_CTL_BITS(INT_CTL) };
static const struct bit_row int_state_bits[] = { PSVM_INT_STATE_BITS(BIT) };
static const struct bit_row exit_code_bits[] = { BIT(EXITCODE, 0, 64, BASE, "15.6, C") };
static const struct bit_row event_bits[] = { PSVM_EVENT_BITS(BIT) };
static const struct bit_row nested_ctl_bits[] = { PSVM_NESTED_CTL_BITS(BIT) };
static const struct bit_row virt_ext_bits[] = { PSVM_VIRT_EXT_BITS(BIT) };
static const struct bit_row clean_bits[] = { PSVM_CLEAN_BITS(BIT) };
static const struct bit_row avic_vapic_bar_bits[] = { PSVM_AVIC_VAPIC_BAR_BITS(BIT) };
static const struct bit_row avic_backing_page_bits[] = { PSVM_AVIC_BACKING_PAGE_BITS(
	BIT) };
static const struct bit_row avic_logical_id_bits[] = { PSVM_AVIC_LOGICAL_ID_BITS(BIT) };
static const struct bit_row avic_physical_id_bits[] = { PSVM_AVIC_PHYSICAL_ID_BITS(BIT) };
static const struct bit_row vmsa_pa_bits[] = { PSVM_VMSA_PA_BITS(BIT) };
static const struct bit_row update_irr_bits[] = { PSVM_UPDATE_IRR_BITS(BIT) };
static const struct bit_row allowed_sev_features_bits[] = {
	PSVM_ALLOWED_SEV_FEATURES_BITS(BIT)
};
static const struct bit_row guest_sev_features_bits[] = { PSVM_GUEST_SEV_FEATURES_BITS(
	BIT) };

static const struct value_row tlb_control_values[] = { PSVM_TLB_CONTROL_VALUES(VALUE) };
static const struct value_row event_type_values[] = { PSVM_EVENT_TYPE_VALUES(VALUE) };
static const struct value_row exit_code_values[] = {
	PSVM_INTERCEPT_CR_BITS(EXIT) PSVM_INTERCEPT_DR_BITS(EXIT)
		PSVM_INTERCEPT_EXCEPTION_BITS(EXIT) PSVM_INTERCEPT_MISC1_BITS(EXIT)
			PSVM_INTERCEPT_MISC2_BITS(EXIT) PSVM_INTERCEPT_MISC3_BITS(EXIT)
				PSVM_EXIT_CODES(VALUE)
};

/* A field with a bit table. The part at values_shift has values with names. */
struct word {
	size_t offset;
	const struct bit_row *bits;
	size_t n_bits;
	const struct value_row *values;
	size_t n_values;
	unsigned int values_shift;
};

#define WORD_VALUES(field, bits, values, n_values, shift) \
	{ \
		offsetof(struct psvm_vmcb_control, field), bits, N_ROWS(bits), values, \
			n_values, shift \
	}
#define WORD(field) WORD_VALUES(field, field##_bits, NULL, 0, 0)

static const struct word words[] = {
	WORD(intercept_cr),
	WORD(intercept_dr),
	WORD(intercept_exceptions),
	WORD(intercept_misc1),
	WORD(intercept_misc2),
	WORD(intercept_misc3),
	WORD_VALUES(tlb_control, tlb_control_bits, tlb_control_values,
		    N_ROWS(tlb_control_values), 0),
	WORD(erap),
	WORD(int_ctl),
	WORD(int_state),
	WORD_VALUES(exit_code, exit_code_bits, exit_code_values, N_ROWS(exit_code_values),
		    0),
	WORD_VALUES(exit_int_info, event_bits, event_type_values,
		    N_ROWS(event_type_values), PSVM_EVENT_TYPE_SHIFT),
	WORD(nested_ctl),
	WORD(avic_vapic_bar),
	WORD_VALUES(event_inj, event_bits, event_type_values, N_ROWS(event_type_values),
		    PSVM_EVENT_TYPE_SHIFT),
	WORD(virt_ext),
	WORD(clean),
	WORD(avic_backing_page),
	WORD(avic_logical_id),
	WORD(avic_physical_id),
	WORD(vmsa_pa),
	WORD(update_irr),
	WORD(allowed_sev_features),
	WORD(guest_sev_features),
};

uint64_t psvm_decode_value(const struct psvm_decode_field *field, unsigned int index)
{
	const unsigned char *bytes = field->bytes + (size_t)index * field->width;
	uint64_t value = 0;

	for (unsigned int i = 0; i < field->width; i++)
		value |= (uint64_t)bytes[i] << 8 * i;
	return value;
}

bool psvm_decode_is_zero(const struct psvm_decode_field *field)
{
	unsigned char bits = 0;

	for (size_t i = 0; i < (size_t)field->width * field->count; i++)
		bits |= field->bytes[i];
	return bits == 0;
}

static struct psvm_decode_field describe_field(const struct field_row *row,
					       const unsigned char *image)
{
	return (struct psvm_decode_field){
		.area = row->area,
		.name = row->name,
		.offset = row->offset,
		.width = row->width,
		.count = row->count,
		.reserved = row->reserved,
		.clean = row->clean,
		.gate = gates[row->gate],
		.section = row->section,
		.bytes = image + row->offset,
	};
}

void psvm_decode(const struct psvm_vmcb *vmcb, psvm_decode_visitor *visit, void *context)
{
	unsigned char image[PSVM_VMCB_SIZE];

	psvm_vmcb_store(image, vmcb);
	for (size_t i = 0; i < N_ROWS(field_rows); i++) {
		struct psvm_decode_field field = describe_field(&field_rows[i], image);

		if (!field.reserved || !psvm_decode_is_zero(&field))
			visit(context, &field);
	}
}

static const struct word *find_word(unsigned int offset)
{
	for (size_t i = 0; i < N_ROWS(words); i++)
		if (words[i].offset == offset)
			return &words[i];
	return NULL;
}

static const char *find_meaning(const struct word *word, uint64_t value)
{
	for (size_t i = 0; i < word->n_values; i++)
		if (word->values[i].value == value)
			return word->values[i].name;
	return NULL;
}

static uint64_t row_mask(const struct bit_row *row)
{
	return PSVM_MASK64(row->shift, row->width);
}

static struct psvm_decode_part describe_part(const struct word *word,
					     const struct bit_row *row, uint64_t value)
{
	bool has_values = word->values && row->shift == word->values_shift;
	uint64_t part = (value & row_mask(row)) >> row->shift;
	const char *meaning = has_values ? find_meaning(word, part) : NULL;

	return (struct psvm_decode_part){
		.name = row->name,
		.shift = row->shift,
		.width = row->width,
		.value = part,
		.meaning = meaning,
		.reserved = has_values && !meaning,
		.gate = gates[row->gate],
		.section = row->section,
	};
}

static unsigned int lowest_bit(uint64_t bits)
{
	unsigned int shift = 0;

	while (!(bits >> shift & 1))
		shift++;
	return shift;
}

/* The lowest run of ones in bits, which is not zero. */
static struct psvm_decode_part describe_reserved(const struct psvm_decode_field *field,
						 uint64_t bits)
{
	struct psvm_decode_part part = {
		.shift = lowest_bit(bits),
		.width = 1,
		.reserved = true,
		.gate = gates[GATE_BASE],
		.section = field->section,
	};

	while (part.shift + part.width < 64 && (bits >> (part.shift + part.width) & 1))
		part.width++;
	part.value = UINT64_MAX >> (64 - part.width);
	return part;
}

static void visit_reserved(const struct psvm_decode_field *field, uint64_t bits,
			   psvm_decode_part_visitor *visit, void *context)
{
	while (bits) {
		struct psvm_decode_part part = describe_reserved(field, bits);

		bits &= ~PSVM_MASK64(part.shift, part.width);
		visit(context, &part);
	}
}

void psvm_decode_parts(const struct psvm_decode_field *field,
		       psvm_decode_part_visitor *visit, void *context)
{
	const struct word *word = find_word(field->offset);
	uint64_t value = psvm_decode_value(field, 0);
	uint64_t named = 0;

	if (!word)
		return;
	for (size_t i = 0; i < word->n_bits; i++) {
		struct psvm_decode_part part = describe_part(word, &word->bits[i], value);

		named |= row_mask(&word->bits[i]);
		visit(context, &part);
	}
	visit_reserved(field, value & ~named, visit, context);
}
