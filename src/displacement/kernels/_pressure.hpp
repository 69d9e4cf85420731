// What the parts of the compiled kernel of pressure share.

#pragma once

#include <cstddef>
#include <cstdint>

namespace pressure {

// Stretches of time in which nothing jumps, and what happens at the end of each, as rows of `Seen`; -1 for nothing.
struct Course {
    std::ptrdiff_t stretches, steps;
    const double* length;     // [day]
    const double* fallen;     // what is left at its end of what was remembered at its start
    const double* risen;      // what is foreseen at its start of what is foreseen at its end
    const double* faded;      // what is left at its end of a takeover
    const double* forgotten;  // and of strikes
    const int64_t* step;      // step that each lies in: 0, then the same or the next one
    const int64_t* ahead;     // row of what is foreseen
    const double* distant;    // what of it is foreseen at the end of the stretch
    const int64_t* declared;
    const int64_t* front;
    const int64_t* strike;
    const int64_t* change;
};

// What the cells see; the first axis of each is a row that a course names.
struct Seen {
    std::ptrdiff_t cells, strikers;
    std::ptrdiff_t events, calls, fallings, states;  // rows of fronts and of what is ahead, declared, strikes, grip
    const double* fronts;      // [row, cell]
    const double* ahead;       // the largest of a front and of all later ones, faded, [row, cell]
    const double* declared;    // [row, cell]
    const double* strikes;     // [row, striker, cell]
    const double* grip;        // response to the holder where it took the cell, else below 0, [state, cell]
    const double* changed;     // 1 where the state begins with a change, else 0, [state, cell]
    const double* own;         // position of the holder among the strikers, -1 for none, [state, cell]
    const double* remembered;  // of fronts before the start, [cell]
    const double* struck;      // of strikes before, [striker, cell]
    const double* fresh;       // what is left of a takeover before, [cell]
};

struct Rates {
    double fall, rise, fade, forget;  // [1/day]
    double front, takeover, strikes;  // hazards of a full threat, a fresh takeover and heavy strikes [1/day]
    double cap;                       // [1/day]
    std::ptrdiff_t factors;
    const double* scale;              // relative hazards, [factor]
};

// Where the cells lie, and who lives in them.
struct People {
    std::ptrdiff_t blocks, groups;
    const int64_t* first;     // where the cells of each block begin, and the end, [block + 1]
    const double* start;      // [group, cell]
    const int64_t* factor;    // of each group
};

// Wanted results; null for those that are not.
struct Found {
    double* hazard;   // cumulative, [factor, step + 1, cell]
    double* danger;   // threat and strikes, [step, cell]
    double* home;     // who never left, [group, step + 1, block]
    double* pressed;  // cumulative hazard times people, [group, step + 1, block]
};

struct Variant {
    const char* name;
    // `room`: (2 factors + 2 groups + 1) x (steps + 1) x 8 numbers.
    void (*run)(const Course& course, const Seen& seen, const Rates& rates, const People& people, const Found& found,
                double* room);
};

extern const Variant plain;
#if defined(KERNEL_X86)
extern const Variant sse2, avx2, avx512;
#endif

}  // namespace pressure
