#include "services/template/config.h"

namespace lmsmail::templates {

void Config::Declare(config::Schema& schema) {
  schema.Int32("preview.cached_templates", &cached_templates,
               "Compiled languages of templates that are kept for previews.", {1, 100'000});
}

}  // namespace lmsmail::templates
