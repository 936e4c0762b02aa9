/* insncount.c - QEMU plugin: executed instructions of a bare-metal image, exact, by stage and by function.
 *
 *   qemu-system-... -plugin insncount.so,out=FILE -kernel IMAGE
 *
 * A stage begins when the image calls a function named insncount_enter_NAME, and ends with the matching call
 * of insncount_leave; stages nest. Both are functions of one instruction (see firmware/tools/bench). Neither
 * they nor functions named __wrap_... are counted: they belong to the measurement. What runs outside every
 * stage is the stage "outside". A function's instructions are counted wherever it was called from.
 *
 * FILE: lines "stage NAME INSTRUCTIONS ENTRIES" and "function NAME INSTRUCTIONS". For one processor. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin_api.h"

#define ENTER "insncount_enter_"
#define LEAVE "insncount_leave"
#define WRAPPER "__wrap_"
#define DEPTH_MAX 16
#define NAME_BYTES 96

/* A named count: a function or a stage. They form a list, newest first, and are never freed. */
typedef struct counter {
    struct counter *next;
    uint64_t instructions;
    uint64_t entries;
    char name[NAME_BYTES];
} counter_t;

int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static counter_t *functions;
static counter_t *stages;
static uint64_t executed;    /* instructions so far, without those of the measurement */
static uint64_t switched_at; /* value of `executed` at the last change of stage */
static counter_t *stack[DEPTH_MAX];
static unsigned depth; /* stages entered; stack[0] is "outside" */
static char out_path[4096];

static void die(const char *what) {
    fprintf(stderr, "insncount: %s\n", what);
    exit(3);
}

static counter_t *counter(counter_t **list, const char *name) {
    for (counter_t *c = *list; c != NULL; c = c->next) {
        if (strcmp(c->name, name) == 0) {
            return c;
        }
    }
    counter_t *c = calloc(1, sizeof *c);
    if (c == NULL) {
        die("out of memory");
    }
    (void)snprintf(c->name, sizeof c->name, "%s", name);
    c->next = *list;
    *list = c;
    return c;
}

/* What was executed since the last change belongs to the stage that was on top. */
static void settle(void) {
    stack[depth]->instructions += executed - switched_at;
    switched_at = executed;
}

static void on_enter(unsigned vcpu_index, void *stage) {
    (void)vcpu_index;
    settle();
    depth++;
    if (depth == DEPTH_MAX) {
        die("stages nest too deep");
    }
    stack[depth] = stage;
    stack[depth]->entries++;
}

static void on_leave(unsigned vcpu_index, void *unused) {
    (void)vcpu_index;
    (void)unused;
    settle();
    if (depth == 0) {
        die("a stage was left that was not entered");
    }
    depth--;
}

static int begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    (void)id;
    size_t count = qemu_plugin_tb_n_insns(tb);
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        const char *name = qemu_plugin_insn_symbol(insn);
        if (name == NULL) {
            name = "?";
        }
        if (begins(name, ENTER)) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_enter, QEMU_PLUGIN_CB_NO_REGS,
                                                   counter(&stages, name + strlen(ENTER)));
        } else if (begins(name, LEAVE)) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_leave, QEMU_PLUGIN_CB_NO_REGS, NULL);
        } else if (!begins(name, WRAPPER)) {
            uint64_t *of_function = &counter(&functions, name)->instructions;
            qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &executed, 1);
            qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, of_function, 1);
        }
    }
}

static void on_exit_write(qemu_plugin_id_t id, void *unused) {
    (void)id;
    (void)unused;
    settle();
    FILE *file = fopen(out_path, "w");
    if (file == NULL) {
        die("the output file cannot be written");
    }
    for (const counter_t *c = stages; c != NULL; c = c->next) {
        fprintf(file, "stage %s %" PRIu64 " %" PRIu64 "\n", c->name, c->instructions, c->entries);
    }
    for (const counter_t *c = functions; c != NULL; c = c->next) {
        fprintf(file, "function %s %" PRIu64 "\n", c->name, c->instructions);
    }
    if (fclose(file) != 0) {
        die("the output file cannot be written");
    }
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (begins(argv[i], "out=")) {
            (void)snprintf(out_path, sizeof out_path, "%s", argv[i] + strlen("out="));
        }
    }
    if (out_path[0] == '\0') {
        fprintf(stderr, "insncount: say out=FILE\n");
        return 1;
    }
    stack[0] = counter(&stages, "outside");
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
    qemu_plugin_register_atexit_cb(id, on_exit_write, NULL);
    return 0;
}
