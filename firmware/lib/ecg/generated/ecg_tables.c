/* ecg_tables.c - generated from export/spec.toml by `make export`; do not edit.
 * specification e8c8c8a23a65408b, model f0ce1248 */
#include "ecg_intmath.h"

/* clang-format off */
/* 1024 * log2(1 + i / 64), Q10 */
const uint16_t ecg_log2_table_q10[65] = {
    0, 23, 45, 68, 90, 111, 132, 153, 174, 194, 214, 234, 254,
    273, 292, 311, 330, 348, 366, 384, 402, 419, 436, 454, 470, 487,
    504, 520, 536, 552, 568, 584, 599, 614, 629, 644, 659, 674, 689,
    703, 717, 731, 745, 759, 773, 787, 800, 813, 827, 840, 853, 866,
    879, 891, 904, 916, 929, 941, 953, 965, 977, 989, 1001, 1012, 1024,
};
/* clang-format on */
