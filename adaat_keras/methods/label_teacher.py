"""The recommended recipe's teacher alone, without any transfer of features."""

from adaat_keras.methods.method import Method
from adaat_keras.methods.steps.taught_step import taught_step
from adaat_keras.methods.steps.teacher_step import teacher_step


class LabelTeacher(Method):
    """Task 2 by a network that reads labels of task 1 and teaches base model 2 (ours).

    1. A teacher T from labels of task 1 to labels of task 2, on the source, which has both.
    2. Base model 2 on the source's labels and on T's of the target:
       `L = (L_task(y_2, D2(E2(x_A))) + L_task(T(y_1), D2(E2(x_B)))) / 2`.

    No paper's method: what `AdaAtdt` with `teacher_weight` has to be measured against, since the
    same teacher needs no features of task 1.
    """

    def steps(self, setup):
        """Teacher, then base model 2."""
        step, teacher = teacher_step(setup)
        return [step, taught_step(setup, teacher)]

    def predictor(self, model):
        """Base model 2."""
        return model.base_model_2
