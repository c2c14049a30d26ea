#include "libs/gmime/gmime.h"

#include <mutex>

namespace lmsmail::gmime {

void Initialize() {
  static std::once_flag initialized;
  std::call_once(initialized, g_mime_init);
}

}  // namespace lmsmail::gmime
