#include <fcntl.h>
#include <memory>
#include <uv.h>

#include "native.h"
#include "watch.h"

struct Watch {
  uv_poll_t poll{};
  /** A duplicate: libuv takes each number once only, and aborts when one was closed behind its back. */
  Fd fd;
  Napi::FunctionReference onReadable;
  /** The function given to JavaScript owns this Watch, and is kept until libuv is done with `poll`. */
  Napi::FunctionReference owner;
  napi_async_cleanup_hook_handle hook{};

  Watch(int of, Napi::Function call) : fd(check("fcntl", fcntl(of, F_DUPFD_CLOEXEC, 0))), onReadable(Napi::Persistent(call)) {}
  uv_handle_t* handle() { return reinterpret_cast<uv_handle_t*>(&poll); }
};

static void onClosed(uv_handle_t* handle) {
  auto* watch = static_cast<Watch*>(handle->data);
  watch->onReadable.Reset();
  napi_remove_async_cleanup_hook(watch->hook);
  watch->owner.Reset();
}

static void stop(Watch& watch) {
  if (uv_is_closing(watch.handle())) return;
  uv_close(watch.handle(), onClosed);
  Fd(watch.fd.release());  // libuv has forgotten it at once, only its callback comes later
}

/** libuv stops at POLLERR, which is how a netlink socket tells of ENOBUFS: go on when the reader has taken that error. */
static void onPoll(uv_poll_t* poll, int status, int) {
  auto& watch = *static_cast<Watch*>(poll->data);
  const Napi::Env env = watch.onReadable.Env();
  const Napi::HandleScope scope(env);
  try {
    watch.onReadable.MakeCallback(env.Global(), {});
  } catch (const Napi::Error& error) {
    napi_fatal_exception(env, error.Value());  // 'uncaughtException', as from any event
  }
  if (status < 0 && !uv_is_closing(watch.handle())) uv_poll_start(poll, UV_READABLE, onPoll);
}

static void start(Watch& watch, Napi::Function owner) {
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(owner.Env(), &loop);
  const int status = uv_poll_init(loop, &watch.poll, watch.fd.get());
  if (status < 0) {
    Fd(watch.fd.release());  // now, not when `owner` is collected
    throw SystemError("uv_poll_init", -status);
  }
  watch.owner = Napi::Persistent(owner);
  watch.poll.data = &watch;
  uv_unref(watch.handle());
  const auto hook = [](napi_async_cleanup_hook_handle, void* data) { stop(*static_cast<Watch*>(data)); };
  napi_add_async_cleanup_hook(owner.Env(), hook, &watch, &watch.hook);
  uv_poll_start(&watch.poll, UV_READABLE, onPoll);
}

Napi::Function watch(int fd, Napi::Function onReadable) {
  auto watch = std::make_unique<Watch>(fd, onReadable);
  Watch& started = *watch;
  const auto owner = Napi::Function::New(onReadable.Env(), [watch = std::move(watch)](const Napi::CallbackInfo&) { stop(*watch); }, "stop");
  start(started, owner);
  return owner;
}
