//DEPS de.kherud:llama:4.2.0

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.LlamaOutput;
import de.kherud.llama.ModelParameters;

/** The weights in this process: llama.cpp by its Java binding. The answer is printed token by token. */
public class Complete {
    public static void main(String[] args) {
        String prompt = args.length > 0 ? String.join(" ", args) : "The capital of France is";
        var weights = new ModelParameters().setModel("smollm2.gguf").setThreads(1).setCtxSize(512);
        var model = new LlamaModel(weights); // not closed: close() of 4.2.0 may wait for its own thread for ever
        System.out.print(prompt);
        var wanted = new InferenceParameters(prompt).setTemperature(0).setNPredict(16);
        for (LlamaOutput piece : model.generate(wanted)) {
            System.out.print(piece);
            System.out.flush();
        }
        System.out.println();
        Runtime.getRuntime().halt(0);
    }
}
