// What the compiled kernels share on Python's side: which instruction sets this processor has, and arrays as buffers.

#pragma once

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#if defined(KERNEL_X86) && defined(_MSC_VER) && !defined(__clang__)
#include <immintrin.h>
#include <intrin.h>
#endif

namespace module {

#if defined(KERNEL_X86)
#if defined(_MSC_VER) && !defined(__clang__)
inline bool has_bits(int leaf, int at, int bits) {
    int found[4];
    __cpuid(found, 0);
    if (found[0] < leaf) return false;
    __cpuidex(found, leaf, 0);
    return (found[at] & bits) == bits;
}
inline bool saves(unsigned long long states) {
    return has_bits(1, 2, 1 << 27) && (_xgetbv(0) & states) == states;
}
inline bool has_avx2() { return saves(0x6) && has_bits(7, 1, 1 << 5); }
inline bool has_avx512() { return saves(0xe6) && has_bits(7, 1, 1 << 16); }
#else
inline bool has_avx2() { return __builtin_cpu_supports("avx2") != 0; }
inline bool has_avx512() { return __builtin_cpu_supports("avx512f") != 0; }
#endif
#endif

// Those of a kernel's variants that this processor can run, the fastest first.
template <typename Variant>
std::vector<const Variant*> runnable(const Variant* avx512, const Variant* avx2, const Variant* sse2,
                                     const Variant* plain) {
    std::vector<const Variant*> found;
#if defined(KERNEL_X86)
    if (has_avx512()) found.push_back(avx512);
    if (has_avx2()) found.push_back(avx2);
    found.push_back(sse2);
#else
    (void)avx512, (void)avx2, (void)sse2;
#endif
    found.push_back(plain);
    return found;
}

// The variant of that name, or the fastest; null with an error set where it cannot run here.
template <typename Variant>
const Variant* chosen(const std::vector<const Variant*>& variants, const char* name) {
    for (const Variant* variant : variants)
        if (*name == '\0' || std::strcmp(name, variant->name) == 0) return variant;
    PyErr_Format(PyExc_ValueError, "this processor or build has no variant '%s'", name);
    return nullptr;
}

// The names of some variants as a tuple.
template <typename Variant>
PyObject* names(const std::vector<const Variant*>& variants) {
    PyObject* found = PyTuple_New(static_cast<Py_ssize_t>(variants.size()));
    for (size_t at = 0; found != nullptr && at < variants.size(); ++at) {
        PyObject* item = PyUnicode_FromString(variants[at]->name);
        if (item == nullptr || PyTuple_SetItem(found, static_cast<Py_ssize_t>(at), item) != 0) Py_CLEAR(found);
    }
    return found;
}

// Arrays that stay open while a kernel works on them.
class Buffers {
   public:
    // The start of a contiguous array of so many values; null with an error set otherwise.
    template <typename Value>
    const Value* read(PyObject* array, std::ptrdiff_t count, const char* name) {
        return static_cast<const Value*>(open(array, static_cast<size_t>(count) * sizeof(Value), name, PyBUF_SIMPLE));
    }
    template <typename Value>
    Value* write(PyObject* array, std::ptrdiff_t count, const char* name) {
        return static_cast<Value*>(open(array, static_cast<size_t>(count) * sizeof(Value), name, PyBUF_WRITABLE));
    }

   private:
    struct View {
        Py_buffer of{};
        View() = default;
        View(const View&) = delete;
        View& operator=(const View&) = delete;
        ~View() {
            if (of.obj != nullptr) PyBuffer_Release(&of);
        }
    };

    void* open(PyObject* array, size_t bytes, const char* name, int flags) {
        open_.push_back(std::make_unique<View>());
        Py_buffer& view = open_.back()->of;
        if (PyObject_GetBuffer(array, &view, flags) != 0) return nullptr;
        if (static_cast<size_t>(view.len) != bytes) {
            PyErr_Format(PyExc_ValueError, "%s: %zd bytes, expected %zu", name, view.len, bytes);
            return nullptr;
        }
        return view.buf;
    }

    std::vector<std::unique_ptr<View>> open_;
};

// Whether all of some positions lie in [0, end); an error is set otherwise.
inline bool within(const int64_t* values, std::ptrdiff_t count, int64_t end, const char* name) {
    for (std::ptrdiff_t at = 0; at < count; ++at)
        if (values[at] < 0 || values[at] >= end) {
            PyErr_Format(PyExc_IndexError, "%s: %lld of %lld", name, static_cast<long long>(values[at]),
                         static_cast<long long>(end));
            return false;
        }
    return true;
}

}  // namespace module
