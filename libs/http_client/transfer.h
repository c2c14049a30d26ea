#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <memory>
#include <string>

#include "libs/http_client/client.h"

namespace lmsmail::http_client {

// One request in libcurl. Used by the client's thread.
class Transfer {
 public:
  // `options` must outlive this.
  Transfer(Request request, Client::Done done, const Options& options);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* easy() const { return easy_.get(); }
  // Its own address is with the handle.
  static Transfer& Of(CURL* easy);

  void Finish(CURLcode code);
  void Cancel();

 private:
  struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  static std::size_t ReadBody(char* buffer, std::size_t size, std::size_t count, void* self);
  static std::size_t WriteBody(const char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t WriteHeader(const char* data, std::size_t size, std::size_t count, void* self);

  void SetUp();
  void AddHeaders();
  // Whether the server may have the whole request.
  bool Transmitted() const;
  Result Unfinished(Result::Kind if_not_sent, CURLcode code) const;

  Request request_;
  Client::Done done_;
  const Options& options_;
  std::unique_ptr<CURL, FreeEasy> easy_;
  std::unique_ptr<curl_slist, FreeList> headers_;
  char error_[CURL_ERROR_SIZE] = "";
  std::size_t sent_ = 0;  // octets of the body that libcurl has taken
  Response response_;
};

}  // namespace lmsmail::http_client
