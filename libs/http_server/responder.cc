#include "libs/http_server/responder.h"

namespace lmsmail::http_server {

Responder::~Responder() {
  if (pending()) Send(Response::Text(500, "Internal Server Error\n"));
}

void Responder::Send(Response response) {
  if (const auto sink = std::exchange(sink_, nullptr)) sink->Send(std::move(response));
}

void Responder::Cut() {
  if (const auto sink = std::exchange(sink_, nullptr)) sink->Cut();
}

void Responder::SetRoute(std::string_view pattern) {
  if (pending()) sink_->SetRoute(pattern);
}

}  // namespace lmsmail::http_server
