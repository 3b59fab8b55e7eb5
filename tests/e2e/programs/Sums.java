// SPDX-License-Identifier: Apache-2.0
// Sums COUNT: adds the squares of 1 to COUNT on the executors, with a class of its own that only its jar holds.

import java.io.Serializable;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

public final class Sums {
	record Square(int of, long is, int stage) implements Serializable { }

	public static void main(String[] words) throws Exception {
		try (SparkSession spark = SparkSession.builder().appName("sums").getOrCreate()) {
			List<Integer> numbers = IntStream.rangeClosed(1, Integer.parseInt(words[0])).boxed().collect(Collectors.toList());
			long sum = JavaSparkContext.fromSparkContext(spark.sparkContext()).parallelize(numbers, 2)
					.map(number -> new Square(number, (long) number * number, TaskContext.get().stageId()))
					.map(Square::is).reduce(Long::sum);
			System.out.println("the squares add up to " + sum + ", with Spark " + spark.version());
		}
	}
}
