// Eight double-precision numbers side by side, in as many registers as the instruction set needs.
//
// Every branch does the same sums, products and quotients in the same order, so that all give the same bits.

#pragma once

#include <cstddef>
#include <cstring>

#if defined(KERNEL_AVX512) || defined(KERNEL_AVX2)
#include <immintrin.h>
#elif defined(KERNEL_SSE2)
#include <emmintrin.h>
#endif

namespace {

#if defined(KERNEL_AVX512)

constexpr int WIDTH = 8;
using Register = __m512d;
inline Register load(const double* from) { return _mm512_loadu_pd(from); }
inline void store(double* to, Register value) { _mm512_storeu_pd(to, value); }
inline Register all(double value) { return _mm512_set1_pd(value); }
inline Register add(Register a, Register b) { return _mm512_add_pd(a, b); }
inline Register less(Register a, Register b) { return _mm512_sub_pd(a, b); }
inline Register times(Register a, Register b) { return _mm512_mul_pd(a, b); }
inline Register over(Register a, Register b) { return _mm512_div_pd(a, b); }
inline Register most(Register a, Register b) { return _mm512_max_pd(a, b); }

#elif defined(KERNEL_AVX2)

constexpr int WIDTH = 4;
using Register = __m256d;
inline Register load(const double* from) { return _mm256_loadu_pd(from); }
inline void store(double* to, Register value) { _mm256_storeu_pd(to, value); }
inline Register all(double value) { return _mm256_set1_pd(value); }
inline Register add(Register a, Register b) { return _mm256_add_pd(a, b); }
inline Register less(Register a, Register b) { return _mm256_sub_pd(a, b); }
inline Register times(Register a, Register b) { return _mm256_mul_pd(a, b); }
inline Register over(Register a, Register b) { return _mm256_div_pd(a, b); }
inline Register most(Register a, Register b) { return _mm256_max_pd(a, b); }

#elif defined(KERNEL_SSE2)

constexpr int WIDTH = 2;
using Register = __m128d;
inline Register load(const double* from) { return _mm_loadu_pd(from); }
inline void store(double* to, Register value) { _mm_storeu_pd(to, value); }
inline Register all(double value) { return _mm_set1_pd(value); }
inline Register add(Register a, Register b) { return _mm_add_pd(a, b); }
inline Register less(Register a, Register b) { return _mm_sub_pd(a, b); }
inline Register times(Register a, Register b) { return _mm_mul_pd(a, b); }
inline Register over(Register a, Register b) { return _mm_div_pd(a, b); }
inline Register most(Register a, Register b) { return _mm_max_pd(a, b); }

#else

// Loops of fixed length, which compilers turn into what the processor has: NEON, for one.
constexpr int WIDTH = 2;
struct Register {
    double lane[WIDTH];
};
inline Register load(const double* from) {
    Register value;
    std::memcpy(value.lane, from, sizeof value.lane);
    return value;
}
inline void store(double* to, Register value) { std::memcpy(to, value.lane, sizeof value.lane); }
inline Register all(double value) { return {{value, value}}; }
inline Register add(Register a, Register b) { return {{a.lane[0] + b.lane[0], a.lane[1] + b.lane[1]}}; }
inline Register less(Register a, Register b) { return {{a.lane[0] - b.lane[0], a.lane[1] - b.lane[1]}}; }
inline Register times(Register a, Register b) { return {{a.lane[0] * b.lane[0], a.lane[1] * b.lane[1]}}; }
inline Register over(Register a, Register b) { return {{a.lane[0] / b.lane[0], a.lane[1] / b.lane[1]}}; }
inline Register most(Register a, Register b) {
    return {{a.lane[0] > b.lane[0] ? a.lane[0] : b.lane[0], a.lane[1] > b.lane[1] ? a.lane[1] : b.lane[1]}};
}

#endif

// Ask for what will be needed soon; it may lie beyond the end.
inline void fetch(const void* from) {
#if defined(__GNUC__) || defined(__clang__)
    __builtin_prefetch(from);
#elif defined(KERNEL_AVX512) || defined(KERNEL_AVX2) || defined(KERNEL_SSE2)
    _mm_prefetch(static_cast<const char*>(from), _MM_HINT_T0);
#else
    (void)from;
#endif
}

constexpr int EIGHT = 8;
constexpr int REGISTERS = EIGHT / WIDTH;

struct Eight {
    Register part[REGISTERS];
};

inline Eight get(const double* from) {
    Eight found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = load(from + i * WIDTH);
    return found;
}
inline void put(double* to, const Eight& value) {
    for (int i = 0; i < REGISTERS; ++i) store(to + i * WIDTH, value.part[i]);
}
inline Eight alike(double value) {
    Eight found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = all(value);
    return found;
}
inline Eight operator+(const Eight& a, const Eight& b) {
    Eight found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = add(a.part[i], b.part[i]);
    return found;
}
inline Eight operator-(const Eight& a, const Eight& b) {
    Eight found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = less(a.part[i], b.part[i]);
    return found;
}
inline Eight operator*(const Eight& a, const Eight& b) {
    Eight found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = times(a.part[i], b.part[i]);
    return found;
}
inline Eight operator/(const Eight& a, const Eight& b) {
    Eight found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = over(a.part[i], b.part[i]);
    return found;
}
inline Eight greater(const Eight& a, const Eight& b) {
    Eight found;
    for (int i = 0; i < REGISTERS; ++i) found.part[i] = most(a.part[i], b.part[i]);
    return found;
}

// The last numbers of a row, which may be fewer than eight: zeros take the place of the others.
inline Eight get(const double* from, std::ptrdiff_t count) {
    if (count >= EIGHT) return get(from);
    double some[EIGHT] = {};
    for (std::ptrdiff_t i = 0; i < count; ++i) some[i] = from[i];
    return get(some);
}
inline void put(double* to, const Eight& value, std::ptrdiff_t count) {
    if (count >= EIGHT) return put(to, value);
    double some[EIGHT];
    put(some, value);
    for (std::ptrdiff_t i = 0; i < count; ++i) to[i] = some[i];
}

inline double sum(const Eight& value) {
    double of[EIGHT];
    put(of, value);
    return ((of[0] + of[1]) + (of[2] + of[3])) + ((of[4] + of[5]) + (of[6] + of[7]));
}

}  // namespace
