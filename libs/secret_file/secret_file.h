#pragma once

#include <string>

#include "absl/status/status.h"

namespace lmsmail {

// PERMISSION_DENIED, naming the file, its mode and the remedy, when others than the owner of the
// file at `path` may read it: anybody, or its group. A group may read a file of root's when this
// process, not being root, reads it by that group, because Kubernetes hands secrets to a pod with
// an fsGroup so (defaultMode 0400 becomes 0440). Links are followed. OK for what is no regular
// file, such as a pipe, and for what cannot be examined, which fails when it is read.
absl::Status CheckSecretFile(const std::string& path);

}  // namespace lmsmail
