#include <uv.h>

#include "native.h"
#include "watch.h"

static Napi::Value toValue(Napi::Env env, const Bytes& bytes) { return Napi::Buffer<uint8_t>::Copy(env, bytes.data(), bytes.size()); }

static Napi::Value toValue(Napi::Env env, const std::vector<Bytes>& datagrams) {
  auto array = Napi::Array::New(env, datagrams.size());
  for (uint32_t i = 0; i < datagrams.size(); i++) {
    array[i] = toValue(env, datagrams[i]);
  }
  return array;
}

static Napi::Value toValue(Napi::Env env, const std::vector<int>& fds) {
  auto array = Napi::Array::New(env, fds.size());
  for (uint32_t i = 0; i < fds.size(); i++) {
    array[i] = fds[i];
  }
  return array;
}

static Napi::Value toValue(Napi::Env env, const BoundSocket& bound) {
  auto object = Napi::Object::New(env);
  object.Set("fd", bound.fd);
  object.Set("port", bound.port);
  return object;
}

template <class Source>
Napi::Value toValue(Napi::Env env, Source source) { return Napi::Value::From(env, source); }

/** With `errno` (positive), `code` (ENOENT) and `syscall`. */
static Napi::Error toError(Napi::Env env, const SystemError& error) {
  auto value = Napi::Error::New(env, error.what());
  value.Set("errno", Napi::Number::New(env, error.code().value()));
  value.Set("code", Napi::String::New(env, uv_err_name(-error.code().value())));
  value.Set("syscall", Napi::String::New(env, error.call));
  return value;
}

class RequestWorker : public Napi::AsyncWorker {
  const int fd;
  const Bytes bytes;
  const std::optional<int> timeoutMs;
  std::vector<Bytes> answer;
  std::optional<SystemError> failure;

 public:
  const Napi::Promise::Deferred deferred;

  RequestWorker(int fd, Napi::Uint8Array from, std::optional<int> timeoutMs)
      : AsyncWorker(from.Env()), fd(fd), bytes(from.Data(), from.Data() + from.ByteLength()), timeoutMs(timeoutMs), deferred(from.Env()) {}
  void Execute() override {
    try {
      answer = request(fd, bytes, timeoutMs);
    } catch (const SystemError& error) {
      failure = error;
    }
  }
  void OnOK() override {
    if (failure) deferred.Reject(toError(Env(), *failure).Value());
    else deferred.Resolve(toValue(Env(), answer));
  }
};

Napi::Promise requestAsync(int fd, Napi::Uint8Array bytes, std::optional<int> timeoutMs) {
  auto* worker = new RequestWorker(fd, bytes, timeoutMs);
  worker->Queue();  // deletes itself when done
  return worker->deferred.Promise();
}

/** A value of another type is a JavaScript error: `undefined` alone means "none". */
template <class Target> Target from(const Napi::Value& value) { return value.As<Target>(); }
template <> int from(const Napi::Value& value) { return value.As<Napi::Number>(); }
template <> bool from(const Napi::Value& value) { return value.As<Napi::Boolean>(); }
template <> std::optional<int> from(const Napi::Value& value) {
  return value.IsUndefined() ? std::nullopt : std::optional(from<int>(value));
}
template <> std::string from(const Napi::Value& value) {
  std::string text = value.As<Napi::String>();
  if (text.find('\0') != text.npos) throw Napi::TypeError::New(value.Env(), "A string without null bytes was expected");
  return text;
}
template <> std::span<const uint8_t> from(const Napi::Value& value) {
  const auto array = value.As<Napi::Uint8Array>();
  return {array.Data(), array.ByteLength()};
}
template <> std::vector<int> from(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<int> fds(array.Length());
  for (uint32_t i = 0; i < fds.size(); i++) fds[i] = from<int>(array[i]);
  return fds;
}
template <> SocketSpec from(const Napi::Value& value) {
  const auto get = [spec = value.As<Napi::Object>()](const char* key) { return Napi::Value(spec.Get(key)); };
  return {from<std::string>(get("type")) == "tcp", from<std::string>(get("ip")), from<int>(get("port")),
          from<bool>(get("listen")), from<bool>(get("dropAll"))};
}

template <> PacketSpec from(const Napi::Value& value) {
  const auto get = [spec = value.As<Napi::Object>()](const char* key) { return Napi::Value(spec.Get(key)); };
  return {from<int>(get("ifindex")), from<int>(get("bufferSize")), from<bool>(get("incoming")), from<std::span<const uint8_t>>(get("filter"))};
}

template <class Result, class... Parameters, size_t... i>
Napi::Value call(Result (*function)(Parameters...), const Napi::CallbackInfo& info, std::index_sequence<i...>) {
  if constexpr (!std::is_void_v<Result>) return toValue(info.Env(), function(from<std::decay_t<Parameters>>(info[i])...));
  else return function(from<std::decay_t<Parameters>>(info[i])...), info.Env().Undefined();
}

template <class Result, class... Parameters>
void add(Napi::Object& exports, const char* name, Result (*function)(Parameters...)) {
  const auto guarded = [function](const Napi::CallbackInfo& info) {
    try {
      return call(function, info, std::index_sequence_for<Parameters...>());
    } catch (const SystemError& error) {
      throw toError(info.Env(), error);
    }
  };
  exports.Set(name, Napi::Function::New(exports.Env(), guarded, name));
}

static Napi::Object start(Napi::Env, Napi::Object exports) {
  home();  // before anyone could have left it
  add(exports, "openNetlink", openNetlink);
  add(exports, "request", request);
  add(exports, "requestAsync", requestAsync);
  add(exports, "receive", receive);
  add(exports, "joinGroup", joinGroup);
  add(exports, "watch", watch);
  add(exports, "makeTun", makeTun);
  add(exports, "mountProc", mountProc);
  add(exports, "openFile", openFile);
  add(exports, "openSocket", openSocket);
  add(exports, "openSockets", openSockets);
  add(exports, "closeSockets", closeSockets);
  add(exports, "openPacket", openPacket);
  add(exports, "receivePackets", receivePackets);
  add(exports, "packetCounts", packetCounts);
  add(exports, "openIcmp", openIcmp);
  add(exports, "openWholeIcmp", openWholeIcmp);
  add(exports, "openFilesystem", openFilesystem);
  add(exports, "openReadonly", openReadonly);
  add(exports, "attachDeviceFilter", attachDeviceFilter);
  add(exports, "mountTmpfs", mountTmpfs);
  add(exports, "unmountTmpfs", unmountTmpfs);
  add(exports, "pinNetns", pinNetns);
  add(exports, "pinMappedNetns", pinMappedNetns);
  add(exports, "unpinNetns", unpinNetns);
  add(exports, "pidfdOpen", pidfdOpen);
  add(exports, "lock", lock);
  return exports;
}

NODE_API_MODULE(tnet, start)
