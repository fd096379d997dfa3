/*
 * elf.h - the ELF file format and the auxiliary vector.
 */
#pragma once

#include "abi/auxv.h"
#include "abi/elf.h"
