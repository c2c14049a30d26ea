#include "services/template/config.h"

namespace lmsmail::templates {

void Config::Declare(config::Schema& schema) {
  schema.Int32("preview.cached_templates", &cached_templates,
               "How many compiled languages of templates are cached for previews.", {1, 100'000});
}

}  // namespace lmsmail::templates
