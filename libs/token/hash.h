#pragma once

#include "libs/hash/sha256.h"

// Gone when all services use hash::.
namespace lmsmail::token {

using hash::Digest64;
using hash::Sha256;
using hash::Sha256Hex;

}  // namespace lmsmail::token
