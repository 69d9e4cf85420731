// Pressure to leave, cell by cell: the compiled kernel of `pressure.py`.

#include "_module.hpp"

#include <new>

#include "_pressure.hpp"

namespace {

using module::Buffers;
using pressure::Course;
using pressure::Found;
using pressure::People;
using pressure::Rates;
using pressure::Seen;
using pressure::Variant;

constexpr Py_ssize_t MOST_STRIKERS = 64;

std::vector<const Variant*> variants() {
#if defined(KERNEL_X86)
    return module::runnable(&pressure::avx512, &pressure::avx2, &pressure::sse2, &pressure::plain);
#else
    return module::runnable<Variant>(nullptr, nullptr, nullptr, &pressure::plain);
#endif
}

// Whether rows lie in [-1, end); an error is set otherwise.
bool rows_of(const int64_t* values, Py_ssize_t count, Py_ssize_t end, const char* name) {
    for (Py_ssize_t at = 0; at < count; ++at)
        if (values[at] < -1 || values[at] >= end) {
            PyErr_Format(PyExc_IndexError, "%s: row %lld of %zd", name, static_cast<long long>(values[at]), end);
            return false;
        }
    return true;
}

// Arrays of the stretches, in the order of `Course`; false with an error set otherwise.
bool opened(PyObject* given, Course& course, const Seen& seen, Buffers& buffers) {
    PyObject *length, *fallen, *risen, *faded, *forgotten, *step, *ahead, *distant, *called, *front, *strike, *change;
    if (!PyArg_ParseTuple(given, "nnOOOOOOOOOOOO", &course.stretches, &course.steps, &length, &fallen, &risen, &faded,
                          &forgotten, &step, &ahead, &distant, &called, &front, &strike, &change))
        return false;
    const Py_ssize_t count = course.stretches;
    if ((course.length = buffers.read<double>(length, count, "length")) == nullptr) return false;
    if ((course.fallen = buffers.read<double>(fallen, count, "fallen")) == nullptr) return false;
    if ((course.risen = buffers.read<double>(risen, count, "risen")) == nullptr) return false;
    if ((course.faded = buffers.read<double>(faded, count, "faded")) == nullptr) return false;
    if ((course.forgotten = buffers.read<double>(forgotten, count, "forgotten")) == nullptr) return false;
    if ((course.step = buffers.read<int64_t>(step, count, "step")) == nullptr) return false;
    if ((course.ahead = buffers.read<int64_t>(ahead, count, "ahead")) == nullptr) return false;
    if ((course.distant = buffers.read<double>(distant, count, "distant")) == nullptr) return false;
    if ((course.declared = buffers.read<int64_t>(called, count, "declared")) == nullptr) return false;
    if ((course.front = buffers.read<int64_t>(front, count, "front")) == nullptr) return false;
    if ((course.strike = buffers.read<int64_t>(strike, count, "strike")) == nullptr) return false;
    if ((course.change = buffers.read<int64_t>(change, count, "change")) == nullptr) return false;
    for (Py_ssize_t at = 0; at <= count; ++at) {
        const int64_t now = at == count ? course.steps : course.step[at], before = at == 0 ? -1 : course.step[at - 1];
        if (now != before + 1 && (at == 0 || at == count || now != before)) {
            PyErr_SetString(PyExc_ValueError, "steps that do not follow one another");
            return false;
        }
    }
    return rows_of(course.ahead, count, seen.events, "ahead") &&
           rows_of(course.declared, count, seen.calls, "declared") &&
           rows_of(course.front, count, seen.events, "front") &&
           rows_of(course.strike, count, seen.fallings, "strike") &&
           rows_of(course.change, count, seen.states, "change");
}

PyObject* run(PyObject*, PyObject* arguments) {
    PyObject *stretches, *fronts, *ahead, *declared, *strikes, *grip, *changed, *own, *remembered, *struck, *fresh,
        *scale, *first, *start, *factor, *hazard, *danger, *home, *pressed;
    Course course;
    Seen seen;
    Rates rates;
    People people;
    const char* name;
    if (!PyArg_ParseTuple(arguments, "sO!nn(nOO)(nO)(nO)(nOOO)OOO(dddddddd)nO(nnOOO)OOOO", &name, &PyTuple_Type,
                          &stretches, &seen.cells, &seen.strikers, &seen.events, &fronts, &ahead, &seen.calls, &declared,
                          &seen.fallings, &strikes, &seen.states, &grip, &changed, &own, &remembered, &struck, &fresh, &rates.fall,
                          &rates.rise, &rates.fade, &rates.forget, &rates.front, &rates.takeover, &rates.strikes,
                          &rates.cap, &rates.factors, &scale, &people.blocks, &people.groups, &first, &start, &factor,
                          &hazard, &danger, &home, &pressed))
        return nullptr;
    const Variant* variant = module::chosen(variants(), name);
    if (variant == nullptr) return nullptr;
    if (seen.strikers > MOST_STRIKERS || seen.states < 1) {
        PyErr_SetString(PyExc_ValueError, "too many strikers, or no state");
        return nullptr;
    }
    Buffers buffers;
    if (!opened(stretches, course, seen, buffers)) return nullptr;
    const Py_ssize_t cells = seen.cells, marks = course.steps + 1;
    if ((seen.fronts = buffers.read<double>(fronts, seen.events * cells, "fronts")) == nullptr) return nullptr;
    if ((seen.ahead = buffers.read<double>(ahead, seen.events * cells, "ahead")) == nullptr) return nullptr;
    if ((seen.declared = buffers.read<double>(declared, seen.calls * cells, "declared")) == nullptr) return nullptr;
    if ((seen.strikes = buffers.read<double>(strikes, seen.fallings * seen.strikers * cells, "strikes")) == nullptr)
        return nullptr;
    if ((seen.grip = buffers.read<double>(grip, seen.states * cells, "grip")) == nullptr) return nullptr;
    if ((seen.changed = buffers.read<double>(changed, seen.states * cells, "changed")) == nullptr) return nullptr;
    if ((seen.own = buffers.read<double>(own, seen.states * cells, "own")) == nullptr) return nullptr;
    if ((seen.remembered = buffers.read<double>(remembered, cells, "remembered")) == nullptr) return nullptr;
    if ((seen.struck = buffers.read<double>(struck, seen.strikers * cells, "struck")) == nullptr) return nullptr;
    if ((seen.fresh = buffers.read<double>(fresh, cells, "fresh")) == nullptr) return nullptr;
    if ((rates.scale = buffers.read<double>(scale, rates.factors, "scale")) == nullptr) return nullptr;
    if ((people.first = buffers.read<int64_t>(first, people.blocks + 1, "first")) == nullptr) return nullptr;
    for (Py_ssize_t block = 0; block < people.blocks; ++block)
        if (people.first[block] < 0 || people.first[block] > people.first[block + 1] ||
            people.first[people.blocks] > cells) {
            PyErr_SetString(PyExc_ValueError, "blocks that do not fit");
            return nullptr;
        }
    if ((people.start = buffers.read<double>(start, people.groups * cells, "start")) == nullptr) return nullptr;
    if ((people.factor = buffers.read<int64_t>(factor, people.groups, "factor")) == nullptr) return nullptr;
    if (!module::within(people.factor, people.groups, rates.factors, "factor")) return nullptr;
    Found found = {nullptr, nullptr, nullptr, nullptr};
    const auto wanted = [&](PyObject* array, Py_ssize_t count, const char* what, double*& to) {
        return array == Py_None || (to = buffers.write<double>(array, count, what)) != nullptr;
    };
    if (!wanted(hazard, rates.factors * marks * cells, "hazard", found.hazard) ||
        !wanted(danger, course.steps * cells, "danger", found.danger) ||
        !wanted(home, people.groups * marks * people.blocks, "home", found.home) ||
        !wanted(pressed, people.groups * marks * people.blocks, "pressed", found.pressed))
        return nullptr;
    if ((found.home == nullptr) != (found.pressed == nullptr)) {
        PyErr_SetString(PyExc_ValueError, "home and pressed are found together");
        return nullptr;
    }
    try {
        std::vector<double> room((2 * rates.factors + 2 * people.groups + 1) * marks * 8);
        Py_BEGIN_ALLOW_THREADS;
        variant->run(course, seen, rates, people, found, room.data());
        Py_END_ALLOW_THREADS;
    } catch (const std::bad_alloc&) {
        return PyErr_NoMemory();
    }
    Py_RETURN_NONE;
}

// Names of the variants that this processor can run, the fastest first.
PyObject* available(PyObject*, PyObject*) { return module::names(variants()); }

PyMethodDef methods[] = {
    {"run", run, METH_VARARGS, "What cells meet, and who stays at home."},
    {"variants", available, METH_NOARGS, "Names of the variants this processor can run."},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_pressure", "The compiled kernel of pressure.", -1, methods, nullptr, nullptr, nullptr,
    nullptr,
};

}  // namespace

PyMODINIT_FUNC PyInit__pressure() { return PyModule_Create(&definition); }
