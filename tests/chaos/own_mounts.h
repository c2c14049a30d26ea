#pragma once

namespace lmsmail::chaos {

// Gives the calling thread and the children that it starts from then on a mount namespace of their
// own, so that only they see what it mounts, and the mounts disappear with them. Returns false and
// sets errno if that is not allowed.
bool HaveOwnMounts();

}  // namespace lmsmail::chaos
